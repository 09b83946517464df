//! Requests that two readers may cut in two places: answered once or not at all, and then the connection ends.

use std::time::Duration;

use mcp_factory_tests::Subject;

/// A request hidden behind the first, which must never be answered.
const HIDDEN: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// What the server writes to `bytes` until it closes the connection.
fn said(subject: &Subject, bytes: &[u8]) -> String {
    let mut connection = subject.connect();
    connection.try_send(bytes).ok();
    let (said, closed) = connection.rest_within(Duration::from_secs(5));
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(
        closed,
        "still open after {:?}: {said}",
        String::from_utf8_lossy(bytes)
    );
    said
}

#[test]
fn requests_that_can_be_cut_in_two_ways_are_never_two() {
    let subject = Subject::start(&[r#"http.idle_timeout="20s""#]);
    let length = HIDDEN.len();
    let post = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";
    let cases = [
        // Two framings, in both orders and spellings.
        format!(
            "{post}content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
        format!(
            "{post}transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
        format!("{post}Transfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}"),
        // Codings that only one reader knows.
        format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!(
            "{post}transfer-encoding:\x0bchunked\r\ncontent-length: {length}\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
        format!("{post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        // Two lengths, and lengths that are none.
        format!("{post}content-length: 0\r\ncontent-length: {length}\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: 0, {length}\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: +{length}\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: -1\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: 0x10\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: 18446744073709551616\r\n\r\n{HIDDEN}"),
        // A line that goes on, a line that begins the head, bare ends of lines.
        format!("{post}x-folded: a\r\n content-length: {length}\r\n\r\n{HIDDEN}"),
        format!("POST /mcp HTTP/1.1\r\n x-first: 1\r\nhost: localhost\r\n\r\n{HIDDEN}"),
        format!("{post}x-bare: a\rcontent-length: {length}\r\n\r\n{HIDDEN}"),
        format!("{post}x-null: a\0b\r\n\r\n{HIDDEN}"),
        // Chunks whose size two readers read differently.
        format!("{post}transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding: chunked\r\n\r\n-1\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding: chunked\r\n\r\n100000000000000000\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding: chunked\r\n\r\n1\r\n  0\r\n\r\n{HIDDEN}"),
        // No framing that the version of the protocol has.
        format!(
            "POST /mcp HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
    ];
    for case in &cases {
        let said = said(&subject, case.as_bytes());
        let answers = said.matches("HTTP/1.1 ").count() + said.matches("HTTP/1.0 ").count();
        assert!(answers <= 1, "{case:?} has {answers} answers: {said}");
        assert!(!said.contains(r#"{"status":"ok"}"#), "{case:?}: {said}");
        assert!(!said.starts_with("HTTP/1.1 2"), "{case:?}: {said}");
    }
    subject.assert_unharmed();
}

/// Lines that end in a bare line feed are taken by both readers or by none; here they are one request.
#[test]
fn bare_line_feeds_make_no_second_request() {
    let subject = Subject::start(&[r#"http.idle_timeout="1s""#]);
    for case in [
        "GET /livez HTTP/1.1\nhost: localhost\n\n",
        "GET /livez HTTP/1.1\r\nhost: localhost\nx-bare: 1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: localhost\r\nx: a\n\nGET /readyz HTTP/1.1\r\n\r\n",
    ] {
        let said = said(&subject, case.as_bytes());
        let answers = said.matches("HTTP/1.1 ").count();
        assert!(
            answers <= 1 + case.matches("readyz").count(),
            "{case:?}: {said}"
        );
    }
    subject.assert_unharmed();
}
