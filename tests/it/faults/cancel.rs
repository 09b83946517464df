//! Callers that do not want their answer any more: what runs for them is dropped.

use std::{
    fs,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Connection, Product, StdioServer, Subject, eventually, guarded, message};
use serde_json::json;

use super::{LANES, assert_dropped, await_begun};

/// What a call whose caller is gone may take to be dropped.
const TENTH: Duration = Duration::from_millis(100);

#[test]
fn a_client_that_goes_away_takes_its_call_with_it() {
    for lane in LANES {
        let subject = Subject::start(&[lane]);
        let mut connection = subject.connect();
        connection.request(&message::call(1, "hang", &json!({})));
        await_begun(&subject, 1);
        connection.abandon();
        assert_dropped(&subject, 1);

        // The same without the headers and the `_meta` of the newest revision.
        let mut connection = subject.connect();
        let call = message::legacy(1, "tools/call", &json!({ "name": "hang", "arguments": {} }));
        connection.post(
            call.to_string().as_bytes(),
            &[("mcp-protocol-version", message::LEGACY)],
        );
        await_begun(&subject, 2);
        connection.abandon();
        assert_dropped(&subject, 2);
        subject.assert_unharmed();
    }
}

/// More often than there are places to run, and than there are requests in flight: a place that was not given
/// back would be missed.
#[test]
fn who_goes_away_gives_the_place_back_each_time() {
    for lane in LANES {
        let subject = Subject::start(&[lane, "limits.concurrency=3", "http.max_in_flight=4"]);
        let mut shortest = Duration::MAX;
        for round in 0..50 {
            let mut leaving: Vec<_> = (0..2).map(|_| subject.connect()).collect();
            for connection in &mut leaving {
                connection.request(&message::call(1, "hang", &json!({})));
            }
            await_begun(&subject, 2 * round + 2);
            let start = Instant::now();
            leaving.into_iter().for_each(Connection::abandon);
            assert_dropped(&subject, 2 * round + 2);
            shortest = shortest.min(start.elapsed());
            if round >= 9 && shortest < TENTH {
                break;
            }
        }
        // With the call that looks, and on a machine that may be busy: so the best of them counts.
        assert!(shortest < TENTH, "it took {shortest:?} at best");
        subject.assert_unharmed();
    }
}

/// In numbers and all at once.
#[test]
fn a_crowd_that_goes_away_leaves_nothing_running() {
    let subject = Subject::start(&[]);
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let mut connection = subject.connect();
            connection.request(&message::call(1, "hang", &json!({})));
            connection
        })
        .collect();
    await_begun(&subject, 100);
    crowd.into_iter().for_each(Connection::abandon);
    assert_dropped(&subject, 100);
    subject.assert_unharmed();
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
            let counted = eventually(Duration::from_secs(10), || {
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

/// It would go on for a minute, in the only place of its tool.
#[test]
fn a_search_that_is_taken_back_gives_its_place_back() {
    let config = "[plugins.fs]\nroots = [{ path = \"FOLDER/files\" }]\nsearch_timeout_ms = 60000\n\
        [limits.tools.grep_files]\nconcurrency = 1\ntimeout = \"2m\"\n";
    let (mut command, folder) = guarded::command(config);
    let files = folder.path().join("files");
    fs::write(files.join("0"), "nothing of the kind\n".repeat(700_000)).expect("14 MB fit");
    for name in 1..2_000 {
        fs::hard_link(files.join("0"), files.join(name.to_string())).expect("a second name");
    }
    fs::write(files.join("small"), "small\n").expect("it fits");
    let mut stdio = StdioServer::run(&mut command);
    let search = json!({ "query": "(n|o|t|h| )+ (k|i)+x", "regex": true });
    let params = json!({ "name": "grep_files", "arguments": search });
    stdio.send(&message::modern(1, "tools/call", &params));
    let mut id = 1;
    let mut is_free = |stdio: &mut StdioServer| {
        id += 1;
        let answer = stdio.call(
            id,
            "grep_files",
            &json!({ "query": "small", "path": "small" }),
        );
        answer["result"]["isError"] == false
    };
    let begun = eventually(Duration::from_secs(10), || {
        (!is_free(&mut stdio)).then_some(())
    });
    assert!(begun.is_some(), "it is not searched");
    stdio.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } }));
    let ended = eventually(Duration::from_secs(10), || {
        is_free(&mut stdio).then_some(())
    });
    assert!(ended.is_some(), "it is still searched");
}
