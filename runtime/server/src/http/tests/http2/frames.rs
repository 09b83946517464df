//! Clients that break the rules, or bend them.

use super::*;

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let server = Server::start(patient(300, 30_000));
    let settings = frame(SETTINGS, 0, 0, b"");
    let head = head_of_a_post();
    let millis = Duration::from_millis;
    for (name, bytes) in [
        ("half a preface", PREFACE[..9].to_vec()),
        ("a preface", PREFACE.to_vec()),
        ("half a frame", [PREFACE, &settings, &[0, 0]].concat()),
        (
            "half a block",
            [PREFACE, &settings, &frame(HEADERS, 0, 1, &head)].concat(),
        ),
        (
            "a block and a half",
            [
                PREFACE,
                &settings,
                &frame(HEADERS, END_HEADERS | END_STREAM, 1, &head),
                &frame(HEADERS, 0, 3, &head),
            ]
            .concat(),
        ),
    ] {
        let (_, took) = say(&server, &bytes).await;
        assert!(
            (millis(250)..millis(3900)).contains(&took),
            "{name}: {took:?}"
        );
    }
}

#[tokio::test]
async fn an_idle_connection_is_told_good_bye() {
    let server = Server::start(limits());
    let client = Client::connect(&server).await;
    let began = Instant::now();
    assert!(client.ended().await.is_ok(), "in good order");
    let took = began.elapsed();
    let millis = Duration::from_millis;
    assert!((millis(650)..millis(3900)).contains(&took), "{took:?}");

    // Pings are no requests; and who does not listen is not waited for.
    let mut stream = server.connect().await;
    let began = Instant::now();
    let hello = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
    stream.write_all(&hello).await.unwrap();
    let ping = frame(6, 0, 0, &[7; 8]);
    while stream.write_all(&ping).await.is_ok() {
        tokio::time::sleep(millis(50)).await;
        assert!(began.elapsed() < millis(4000), "still open");
    }
    assert!(began.elapsed() > millis(650), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_flood_of_continuations_ends_the_connection() {
    let server = Server::start(patient(30_000, 30_000));
    let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
    bytes.extend(frame(HEADERS, 0, 1, &head_of_a_post()));
    for _ in 0..1000 {
        bytes.extend(frame(9, 0, 1, &block(&[("x-a", "b")])));
    }
    let (heard, took) = say(&server, &bytes).await;
    let go_away = 7;
    let heard = kinds(&heard);
    assert!(heard.iter().any(|(kind, _)| *kind == go_away), "{heard:?}");
    assert!(took < Duration::from_secs(3), "at once: {took:?}");
    assert_eq!(server.double.begun.load(SeqCst), 0);
}

#[tokio::test]
async fn who_takes_back_request_after_request_is_sent_away() {
    let server = Server::start(roomy());
    // Taken back before anybody looked, and while they run.
    for pause in [Duration::ZERO, Duration::from_millis(2)] {
        let mut client = Client::connect(&server).await;
        let mut ended = false;
        for _ in 0..1500 {
            let Ok((response, mut stream)) = client.send(usual(), false).await else {
                ended = true;
                break;
            };
            let sent = stream.send_data(message("hang", 1).into(), true);
            tokio::time::sleep(pause).await;
            stream.send_reset(Reason::CANCEL);
            drop((response, sent));
            tokio::task::yield_now().await;
        }
        assert!(ended, "{pause:?}: it may go on for ever");
        let error = client.ended().await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM), "{error}");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (begun, ended) = (&server.double.begun, &server.double.ended);
    assert_eq!(begun.load(SeqCst), ended.load(SeqCst), "nothing goes on");
}

#[tokio::test]
async fn what_is_no_http_2_is_told_so() {
    let server = Server::start(patient(30_000, 30_000));
    for (name, bytes) in [
        (
            "data of no request",
            [frame(SETTINGS, 0, 0, b""), frame(0, 0, 1, b"x")].concat(),
        ),
        ("a frame too large", [0xff; 64].to_vec()),
        (
            "a continuation of nothing",
            [frame(SETTINGS, 0, 0, b""), frame(9, 0, 1, b"")].concat(),
        ),
    ] {
        let (heard, took) = say(&server, &[PREFACE, &bytes].concat()).await;
        assert!(took < Duration::from_millis(3900), "{name}: {took:?}");
        assert!(
            kinds(&heard).iter().any(|(kind, _)| *kind == 7),
            "{name}: {heard:?}"
        );
    }
    assert_eq!(server.exchange(post(message("echo", 1))).await.status, 200);
}
