//! A conversation with the reference memory server (2026.8.31), recorded once, held with this plugin.
//!
//! The calls are random over a few names; in none of them does the same entry stand twice, where the reference
//! keeps both and this plugin keeps one.

use serde_json::Value;

use crate::fixture::Desk;

const RECORDED: &str = include_str!("reference.json");

#[tokio::test]
async fn the_same_calls_have_the_same_results() {
    let calls: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
    assert!(calls.len() >= 150);
    let desk = Desk::open().await;
    for (number, call) in calls.iter().enumerate() {
        let tool = call["tool"].as_str().unwrap();
        let place = format!("call {number}: {tool} {}", call["arguments"]);
        let ours = desk.plugin.call_json(tool, call["arguments"].clone()).await;
        let theirs = &call["result"];
        let Ok(ours) = ours else {
            assert!(theirs.is_null(), "{place}: {}", ours.unwrap_err());
            continue;
        };
        assert!(!theirs.is_null(), "{place} failed there");
        for (key, value) in theirs.as_object().unwrap() {
            // What is said of a deletion is in words of our own.
            if key != "message" {
                assert_eq!(&ours[key], value, "{place}: {key}");
            }
        }
    }
}
