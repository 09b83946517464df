//! Connections that were idle for a moment, and what their clients notice of it: nothing.

use super::*;

/// Longer than a connection is idle before it rests.
const A_WHILE: Duration = Duration::from_millis(1_300);

#[tokio::test]
async fn a_rested_connection_answers_and_rests_again() {
    let server = Server::start(patient(30_000, 30_000));
    let mut stream = server.connect().await;
    for text in ["one", "two", "three"] {
        let request = post(message("echo", text));
        stream.write_all(request.as_bytes()).await.unwrap();
        let reply = Reply::read(&mut stream).await;
        assert_eq!(reply.status, 200);
        assert!(reply.body.contains(text));
        tokio::time::sleep(A_WHILE).await;
    }
    server.lifecycle.drain();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest));
    assert_eq!(closed.await.expect("closed at once").unwrap(), 0);
}

#[tokio::test]
async fn the_first_part_of_a_request_is_not_lost() {
    let server = Server::start(patient(30_000, 30_000));
    let mut stream = server.connect().await;
    let (first, second) = (post(message("echo", "one")), post(message("echo", "two")));
    // Read along with the first request, and of no use yet.
    let (begin, end) = second.split_at(second.len() / 2);
    stream
        .write_all(format!("{first}{begin}").as_bytes())
        .await
        .unwrap();
    assert!(Reply::read(&mut stream).await.body.contains("one"));
    tokio::time::sleep(A_WHILE).await;
    stream.write_all(end.as_bytes()).await.unwrap();
    assert!(Reply::read(&mut stream).await.body.contains("two"));
}

#[tokio::test]
async fn who_rests_too_long_is_let_go_and_who_leaves_is_noticed() {
    let server = Server::start(patient(30_000, 2_000));
    let mut stream = server.connect().await;
    let request = post(message("echo", "one"));
    stream.write_all(request.as_bytes()).await.unwrap();
    Reply::read(&mut stream).await;
    let idle = Instant::now();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest));
    assert_eq!(closed.await.expect("closed in the end").unwrap(), 0);
    assert!(idle.elapsed() >= Duration::from_millis(1_900), "{idle:?}");

    let server = Server::start(patient(30_000, 30_000));
    let mut leaving = server.connect().await;
    leaving.write_all(request.as_bytes()).await.unwrap();
    Reply::read(&mut leaving).await;
    tokio::time::sleep(A_WHILE).await;
    leaving.shutdown().await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(10), leaving.read_to_end(&mut rest));
    assert_eq!(closed.await.expect("it is not kept").unwrap(), 0);
}
