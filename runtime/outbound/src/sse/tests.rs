use proptest::prelude::*;

use super::*;
use crate::testing::{TestServer, at_once};
use crate::{OutboundError, Request};

fn events(pieces: &[&[u8]]) -> Vec<Event> {
    let mut parser = Parser::new(1000);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece).unwrap();
        events.extend(std::iter::from_fn(|| parser.next()));
    }
    events
}

fn message(data: &str) -> Event {
    Event {
        event: "message".to_owned(),
        data: data.to_owned(),
        id: None,
    }
}

#[test]
fn events_end_with_a_blank_line() {
    assert_eq!(
        events(&[b"data: a\n\ndata:b\n\n"]),
        [message("a"), message("b")]
    );
    assert_eq!(
        events(&[b"data: a\ndata:  b\ndata\n\n"]),
        [message("a\n b\n")]
    );
    assert_eq!(
        events(&[b"data: lost, for its blank line never came\n"]),
        []
    );
    assert_eq!(events(&[b"event: ping\n\n"]), [], "no data, no event");
    assert_eq!(events(&[b": a comment\n\nunknown: x\n\n"]), []);
    assert_eq!(events(&[b"data\n\n"]), [message("")]);
    assert_eq!(events(&["\u{feff}data: a\n\n".as_bytes()]), [message("a")]);
    assert_eq!(events(&[b"data: \xff\n\n"]), [message("\u{fffd}")]);
}

#[test]
fn the_type_is_of_one_event_and_the_id_stays() {
    let read =
        events(&[b"id: 7\nevent: add\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid\ndata: d\n\n"]);
    let ids: Vec<_> = read.iter().map(|event| event.id.as_deref()).collect();
    assert_eq!(ids, [Some("7"), Some("7"), Some("7"), Some("")]);
    assert_eq!(read[0].event, "add");
    assert_eq!(read[1].event, "message");
}

#[test]
fn the_wait_before_a_new_stream_is_kept() {
    let mut parser = Parser::new(100);
    parser
        .push(b"retry: 1500\nretry: soon\nretry: 99999999999999999999999\n")
        .unwrap();
    assert_eq!(parser.retry, Some(Duration::from_millis(1500)));
}

#[test]
fn an_event_cannot_outgrow_its_bound() {
    for bytes in [
        vec![b'x'; 1001],
        b"data: 0123456789\n".repeat(100),
        [
            b"event: ".as_slice(),
            &[b'e'; 900],
            b"\ndata: ",
            &[b'd'; 200],
        ]
        .concat(),
    ] {
        let error = Parser::new(1000).push(&bytes).unwrap_err();
        assert!(matches!(error, OutboundError::TooLarge { limit: 1000 }));
    }
    let mut parser = Parser::new(1000);
    parser.push(&b"data: 0123456789\n\n".repeat(1000)).unwrap();
    assert_eq!(parser.ready.len(), 1000, "many small events are fine");
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        lines in prop::collection::vec("(data|event|id|:|retry)?:? ?[a-z]{0,5}", 0..20),
        ends in prop::collection::vec(0..3_usize, 20),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let text: String = lines
            .iter()
            .zip(ends)
            .flat_map(|(line, end)| [line, ["\n", "\r", "\r\n"][end]])
            .collect();
        let bytes = text.as_bytes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(events(&pieces), events(&[bytes]));
    }
}

#[tokio::test]
async fn a_stream_is_read_as_it_comes() {
    let server = TestServer::start(|_| {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        let mut answer = at_once(format!("{head}retry: 20\ndata: on"));
        answer.push((Duration::from_millis(50), b"e\n\n".to_vec()));
        answer.push((
            Duration::from_millis(50),
            b"data: two\r\n\r\ndata: cut".to_vec(),
        ));
        answer
    })
    .await;
    let response = server.client().send(Request::get(server.url("/"))).await;
    let mut stream = Events::new(response.unwrap());
    assert_eq!(stream.next().await.unwrap(), Some(message("one")));
    assert_eq!(stream.reconnect_after(), Some(Duration::from_millis(20)));
    assert_eq!(stream.next().await.unwrap(), Some(message("two")));
    assert_eq!(stream.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_is_bounded_by_event_and_by_body() {
    let server = TestServer::start(|_| {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        at_once(format!("{head}data: {}", "x".repeat(5000)))
    })
    .await;
    let client = server.client();
    let response = client.send(Request::get(server.url("/"))).await.unwrap();
    let error = Events::new(response)
        .max_event(100)
        .next()
        .await
        .unwrap_err();
    assert!(matches!(error, OutboundError::TooLarge { limit: 100 }));
    let request = Request::get(server.url("/")).max_body(200);
    let response = client.send(request).await.unwrap();
    let error = Events::new(response).next().await.unwrap_err();
    assert!(matches!(error, OutboundError::TooLarge { limit: 200 }));
}
