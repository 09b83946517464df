//! What scripts that mean well do, and what is said of those that are wrong.

use std::time::{Duration, Instant};

use mcp_factory_sdk::{ToolErrorKind, testing::TestPlugin};
use mcp_plugin_code::PLUGIN;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_script_calculates_and_prints() {
    let plugin = start(json!({})).await;
    let code = "
        fn total(items) { items.map(|item| item.price * item.count).reduce(|sum, one| sum + one, 0) }
        print(`${input.items.len()} items`);
        let result = #{ total: total(input.items), names: [] };
        for item in input.items { result.names.push(item.name.to_upper()); }
        debug(result.total);
        result
    ";
    let items = json!([
        { "name": "tea", "price": 3, "count": 2 }, { "name": "é", "price": 5, "count": 1 }
    ]);
    let call = json!({ "code": code, "input": { "items": items } });
    let outcome = plugin
        .call_json("execute_code", call.clone())
        .await
        .unwrap();
    assert_eq!(
        outcome["result"],
        json!({ "total": 11, "names": ["TEA", "É"] })
    );
    assert_eq!(outcome["printed"], "2 items\n11\n");
    assert_eq!(outcome["truncated"], false);
    assert!(outcome["operations"].as_u64().unwrap() > 10, "{outcome}");
    // The same, to the last operation.
    for _ in 0..3 {
        let again = plugin
            .call_json("execute_code", call.clone())
            .await
            .unwrap();
        assert_eq!(again, outcome);
    }
}

#[tokio::test]
async fn values_come_back_as_they_are() {
    for (code, result) in [
        ("let x = 1;", json!(null)),
        ("1 + 2", json!(3)),
        ("1 / 2.0", json!(0.5)),
        ("'x'", json!("x")),
        ("\"a\" + \"b\"", json!("ab")),
        ("[1, \"a\", ()]", json!([1, "a", null])),
        ("#{ b: 1, a: #{} }", json!({ "a": {}, "b": 1 })),
        ("return 5; 6", json!(5)),
        ("let a = \"a-b\"; a.replace(\"-\", \"+\"); a", json!("a+b")),
        ("let a = \"a-b\"; a.replace('-', '+'); a", json!("a+b")),
        ("let a = \"a-b\"; a.replace(\"-\", '+'); a", json!("a+b")),
        ("let a = \"a-b\"; a.replace('-', \"++\"); a", json!("a++b")),
        ("let a = [3, 1, 2]; a.sort(); a", json!([1, 2, 3])),
        ("input", json!(null)),
        (
            "let x = 0; try { throw 1 } catch (e) { x = e + 1 } x",
            json!(2),
        ),
        ("switch 5 { 5 => \"five\", _ => \"other\" }", json!("five")),
        ("parse_int(\"42\") + \"7\".parse_int()", json!(49)),
        ("\"a,b\".split(\",\")", json!(["a", "b"])),
    ] {
        assert_eq!(value(code).await, result, "{code}");
    }
}

#[tokio::test]
async fn a_mistake_is_told_with_its_place() {
    for (code, place, part) in [
        ("let x = ;", "line 1, column 9: ", ""),
        ("let x = 1;\nlet y = (x + ;\n", "line 2, column 14: ", ""),
        ("let x = 1;\n  x + missing", "line 2, column 7: ", "missing"),
        (
            "fn f(a) {\n  a / 0\n}\n\nf(1)",
            "line 2, column 5: ",
            "zero",
        ),
        ("nothing(1)", "line 1, column 1: ", "nothing (i64)"),
        ("let a = [1];\na[5]", "line 2, column 3: ", "out of bounds"),
        ("throw \"oh no\"", "line 1, column 1: ", "oh no"),
        ("let k = 2; [1].map(|n| n * k)", "line 1, column 28: ", "k"),
        ("9223372036854775807 + 1", "line 1, column 21: ", "overflow"),
        ("input = 5", "line 1, column 1: ", "constant"),
    ] {
        let error = failure(code).await;
        assert!(
            error.starts_with(place) && error.contains(part),
            "{code}: {error}"
        );
    }
    let long = failure("throw `${(\"x\")}` + \"y\".to_upper() + \"0123456789\".to_upper() + { let s = \"\"; s.pad(5000, 'z'); s }").await;
    assert!(long.chars().count() < 1100 && long.ends_with('…'), "{long}");
}

#[tokio::test]
async fn what_is_printed_and_returned_is_limited() {
    let plugin = start(json!({ "max_output_bytes": 1000 })).await;
    let outcome = run(&plugin, "for i in 0..200 { print(\"0123456789\") } 1")
        .await
        .unwrap();
    assert!(outcome["printed"].as_str().unwrap().len() <= 1000);
    assert_eq!(
        (&outcome["truncated"], &outcome["result"]),
        (&json!(true), &json!(1))
    );
    let error = run(&plugin, "let s = \"\"; s.pad(990, 'x'); [s, s]")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("longer than 1000 bytes"),
        "{error}"
    );
    let whole = run(&plugin, "let s = \"\"; s.pad(900, 'x'); s")
        .await
        .unwrap();
    assert_eq!(whole["result"].as_str().unwrap().len(), 900);
}

#[tokio::test]
async fn what_is_too_large_to_begin_with_is_told() {
    let long = format!("// {}", "x".repeat(70_000));
    let error = failure(&long).await;
    assert!(error.contains("at most 65536 are taken"), "{error}");
    let plugin = start(json!({})).await;
    let large = json!({ "code": "1", "input": vec![0; 30_000] });
    let error = plugin.call("execute_code", large).await.unwrap_err();
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    assert!(error.to_string().contains("the input is larger"), "{error}");
    for (code, part) in [
        ("0..5", "which JSON does not have"),
        ("0.0 / 0.0", "finite number"),
    ] {
        let error = failure(code).await;
        assert!(error.contains(part), "{error}");
    }
    let error = failure("let a = []; for i in 0..80 { a = [a] } a").await;
    assert!(error.contains("nested deeper than 64"), "{error}");
}

#[tokio::test]
async fn more_scripts_than_places_wait_or_are_refused() {
    let settings = json!({
        "max_concurrent": 1, "max_waiting": 2, "timeout": "400ms", "max_operations": 1_000_000_000
    });
    let plugin = start(settings).await;
    let endless = || run(&plugin, "loop {}");
    let (one, two, three, four) = tokio::join!(endless(), endless(), endless(), endless());
    let errors = [one, two, three, four].map(|outcome| outcome.unwrap_err().to_string());
    // The second may get the place of the first, which the third no longer waits for.
    for (part, times) in [
        ("ran longer than 400 ms", 1..=2),
        ("became free in time", 1..=2),
        ("enough calls wait already", 1..=1),
    ] {
        let found = errors.iter().filter(|error| error.contains(part)).count();
        assert!(times.contains(&found), "{errors:?}");
    }
    let gauges = plugin.health().await;
    assert_eq!(
        gauges.gauges(),
        [("scripts_running", 0.0), ("scripts_waiting", 0.0)]
    );
}

#[tokio::test]
async fn a_dropped_call_and_a_stopped_server_end_their_scripts() {
    let settings =
        json!({ "timeout": "60s", "max_operations": 1_000_000_000, "max_concurrent": 1 });
    let plugin = start(settings).await;
    let begun = Instant::now();
    let call = tokio::time::timeout(Duration::from_millis(200), run(&plugin, "loop {}"));
    assert!(call.await.is_err());
    // Its place is free again, soon.
    let next = run(&plugin, "1").await.unwrap();
    assert_eq!(next["result"], 1);
    let call = tokio::time::timeout(Duration::from_millis(100), run(&plugin, "loop {}"));
    assert!(call.await.is_err());
    plugin.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn the_end_of_the_call_comes_before_the_timeout() {
    let plugin = start(json!({ "max_operations": 1_000_000_000 })).await;
    let plugin = plugin.with_timeout(Duration::from_millis(500));
    let begun = Instant::now();
    let error = run(&plugin, "loop {}").await.unwrap_err();
    assert_eq!(error.kind(), ToolErrorKind::TimedOut);
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn settings_that_will_not_do_are_refused() {
    for (settings, part) in [
        (json!({ "memory_mib": 1 }), "`memory_mib` is 1"),
        (json!({ "timeout": "1h" }), "`timeout` is 1h"),
        (json!({ "files": true }), "files"),
    ] {
        let error = TestPlugin::start(&PLUGIN, settings)
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn the_tool_is_what_it_was() {
    let tools = PLUGIN.tools();
    let [tool] = tools else {
        panic!("one tool, not {}", tools.len())
    };
    assert_eq!(
        (tool.name(), tool.scope().as_str()),
        ("execute_code", "write")
    );
    let hints = tool.hints();
    assert!(hints.read_only && !hints.destructive && hints.idempotent && !hints.open_world);
    let input = tool.input_schema();
    assert_eq!(input["required"], json!(["code"]));
    let schema = input.to_string().len()
        + tool
            .output_schema()
            .map_or(0, |schema: Value| schema.to_string().len());
    let bytes = schema + tool.description().len();
    assert!(bytes < 1600, "{bytes} bytes");
}
