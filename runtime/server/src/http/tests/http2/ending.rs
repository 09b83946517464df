//! The way down.

use super::*;

#[tokio::test]
async fn a_drain_answers_what_runs_and_says_that_it_was_the_last() {
    // No silence is over in time to be what closes them.
    let server = Server::start(patient(30_000, 30_000));
    let mut client = Client::connect(&server).await;
    let idle = Client::connect(&server).await;
    let mut fresh = server.connect().await;
    fresh.write_all(&PREFACE[..10]).await.unwrap();
    let (response, mut stream) = client.send(usual(), false).await.unwrap();
    stream
        .send_data(message("slow", 1500).into(), true)
        .unwrap();
    server.begun(1).await;

    server.lifecycle.drain();
    let soon = Duration::from_secs(5);
    let closed = tokio::time::timeout(soon, fresh.read(&mut [0; 10])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    assert!(idle.ended().await.is_ok());
    assert_eq!(server.double.ended.load(SeqCst), 0, "at once");
    let answer = Head::of(response).await.unwrap().whole().await.unwrap();
    assert_eq!(answer.status, 200);
    let Err(error) = client.begin(usual(), message("echo", 1)).await else {
        panic!("a request after the last word")
    };
    assert!(
        error.is_go_away() || error.is_io() || error.is_library(),
        "{error:?}"
    );
    assert!(client.ended().await.is_ok());
    tokio::time::timeout(soon, server.serving)
        .await
        .expect("gone")
        .unwrap();
}

#[tokio::test]
async fn a_drain_does_not_wait_for_who_does_not_listen() {
    // No silence is over in time to be what closes it.
    let server = Server::start(patient(30_000, 30_000));
    let mut stream = server.connect().await;
    let hello = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
    stream.write_all(&hello).await.unwrap();
    // It has greeted, and has heard our greeting.
    let mut greeting = [0; 200];
    let settings = |bytes: &[u8]| {
        kinds(bytes)
            .iter()
            .filter(|(kind, _)| *kind == SETTINGS)
            .count()
    };
    let mut seen = 0;
    while settings(&greeting[..seen]) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        seen = stream.peek(&mut greeting).await.unwrap();
        assert!(seen > 0, "it closed");
    }
    server.lifecycle.drain();
    tokio::time::timeout(Duration::from_secs(10), server.serving)
        .await
        .expect("gone")
        .unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    let last_words: Vec<_> = kinds(&heard)
        .into_iter()
        .filter(|(kind, _)| *kind == 7)
        .collect();
    assert_eq!(last_words, [(7, 0), (7, 0)], "both, without an error");
}

#[tokio::test]
async fn the_stop_ends_what_hangs() {
    let server = Server::start(patient(30_000, 30_000));
    let mut client = Client::connect(&server).await;
    for method in ["hang", "stream"] {
        let (response, mut stream) = client.send(usual(), false).await.unwrap();
        stream.send_data(message(method, 1).into(), true).unwrap();
        tokio::spawn(response);
    }
    server.begun(1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.lifecycle.drain();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.serving.is_finished(), "they hold the drain");
    server.lifecycle.stop();
    tokio::time::timeout(Duration::from_secs(5), server.serving)
        .await
        .expect("gone")
        .unwrap();
    assert_eq!(server.double.ended.load(SeqCst), 1);
}
