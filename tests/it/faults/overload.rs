//! More work than there is room for: what is taken is answered, the rest is told so at once.

use std::time::{Duration, Instant};

use mcp_factory_tests::{HttpServer, Product, message};
use serde_json::json;

#[test]
fn more_calls_than_may_run_are_turned_away_at_once() {
    let limits = [
        "--set",
        "limits.concurrency=2",
        "--set",
        r#"limits.queue_time="50ms""#,
    ];
    let http = HttpServer::start(Product::Fixture, &limits);
    let mut running: Vec<_> = (0..2)
        .map(|_| {
            let mut connection = http.connect();
            connection.request(&message::call(1, "wait", &json!({ "milliseconds": 1_500 })));
            connection
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    let refused = http.call("test_simple_text", &json!({}));
    assert_eq!(refused["error"]["code"], -31503, "{refused}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "it took {:?}",
        start.elapsed()
    );
    for connection in &mut running {
        assert_eq!(
            message::text(&connection.response().json()),
            "waited 1500 ms"
        );
    }
    assert_eq!(http.counts(), (2, 2), "and the refused call never began");
}
