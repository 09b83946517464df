//! Callers that do not want their answer any more: what runs for them is dropped.

use std::time::Duration;

use mcp_factory_tests::{HttpServer, Product, StdioServer, eventually, message};
use serde_json::json;

use super::{assert_dropped, await_begun};

#[test]
fn a_client_that_goes_away_takes_its_call_with_it() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let mut connection = http.connect();
    connection.request(&message::call(1, "hang", &json!({})));
    await_begun(&http, 1);
    connection.abandon();
    assert_dropped(&http, 1);

    // The same without the headers and the `_meta` of the newest revision.
    let mut connection = http.connect();
    let call = message::legacy(1, "tools/call", &json!({ "name": "hang", "arguments": {} }));
    connection.post(
        call.to_string().as_bytes(),
        &[("mcp-protocol-version", message::LEGACY)],
    );
    await_begun(&http, 2);
    connection.abandon();
    assert_dropped(&http, 2);
}

#[test]
fn a_cancelled_call_is_dropped_and_not_answered() {
    for is_modern in [true, false] {
        let mut stdio = StdioServer::start(Product::Fixture, &[]);
        if !is_modern {
            stdio.initialize();
        }
        let call = |id, tool: &str| {
            let params = json!({ "name": tool, "arguments": {} });
            if is_modern {
                message::modern(id, "tools/call", &params)
            } else {
                message::legacy(id, "tools/call", &params)
            }
        };
        stdio.send(&call(1, "hang"));
        let mut id = 1;
        // Fails if the answer to call 1 comes first.
        let mut await_count = |stdio: &mut StdioServer, name: &str| {
            let counted = eventually(Duration::from_secs(5), || {
                id += 1;
                let counts = stdio.request(&call(id, "counts"));
                (counts["result"]["structuredContent"][name] == 1).then_some(())
            });
            assert!(counted.is_some(), "{name} is not 1");
        };
        await_count(&mut stdio, "begun");
        stdio.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } }));
        await_count(&mut stdio, "gone");
        assert_eq!(stdio.receive_within(Duration::from_millis(200)), None);
    }
}
