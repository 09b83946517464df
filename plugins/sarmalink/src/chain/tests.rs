use serde_json::{Value, json};

use super::*;

fn built(config: Value) -> Result<Vec<Engine>, String> {
    let config: Config = serde_json::from_value(config).map_err(|error| error.to_string())?;
    let times = times(&config).map_err(|error| error.to_string())?;
    engines(&config, times).map_err(|error| error.to_string())
}

/// One keyless engine with `changes`.
fn with(changes: &Value) -> Result<Vec<Engine>, String> {
    let mut engine =
        json!({ "name": "a", "base_url": "http://127.0.0.1:1/v1", "model": "m", "keyless": true });
    for (key, value) in changes.as_object().expect("an object") {
        engine[key] = value.clone();
    }
    built(json!({ "chain": [engine] }))
}

#[test]
fn an_address_is_the_base_and_two_words() {
    for (base, expected) in [
        (
            "https://api.example.com/v1",
            "https://api.example.com/v1/chat/completions",
        ),
        (
            "https://api.example.com/v1/",
            "https://api.example.com/v1/chat/completions",
        ),
        (
            "https://api.example.com",
            "https://api.example.com/chat/completions",
        ),
        (
            "http://localhost:8080/v1",
            "http://localhost:8080/v1/chat/completions",
        ),
        ("http://[::1]:8080", "http://[::1]:8080/chat/completions"),
    ] {
        let engines = with(&json!({ "base_url": base })).expect(base);
        assert_eq!(engines[0].url.as_str(), expected);
    }
    let trusted = json!({ "base_url": "http://inside:8000/v1", "allow_http": true });
    assert!(with(&trusted).is_ok());
}

#[test]
fn every_refusal_names_its_key() {
    for (changes, words) in [
        (
            json!({ "base_url": "nonsense" }),
            "`base_url` of the engine `a` is no URL",
        ),
        (
            json!({ "base_url": "ftp://host/" }),
            "must begin with https://",
        ),
        (
            json!({ "base_url": "http://example.com/v1" }),
            "set `allow_http` = true",
        ),
        (
            json!({ "base_url": "http://127.0.0.1.example.com/v1" }),
            "must be https",
        ),
        (
            json!({ "base_url": "https://me:pw@example.com" }),
            "must not hold a user name",
        ),
        (json!({ "base_url": "https://example.com?key=1" }), "`?`"),
        (
            json!({ "base_url": "https://example.com/v1/chat/completions" }),
            "remove it",
        ),
        (json!({ "name": "a b" }), "`name` of an engine"),
        (json!({ "model": "" }), "`model` of the engine `a`"),
        (json!({ "modes": ["auto"] }), "`modes` of the engine `a`"),
        (
            json!({ "keys": ["env:HOME"] }),
            "`keyless` of the engine `a` is true",
        ),
        (
            json!({ "keyless": false }),
            "`keys` of the engine `a` names no key",
        ),
        (
            json!({ "keyless": false, "keys": vec!["env:X"; 21] }),
            "more than 20 keys",
        ),
        (
            json!({ "keyless": false, "keys": ["env:MCP_FACTORY_NOT_SET"] }),
            "no engine of `chain` has a usable key: `a`: the environment variable MCP_FACTORY_NOT_SET is not set",
        ),
        (
            json!({ "keyless": false, "keys": ["file:/no/such/key"] }),
            "no engine of `chain` has a usable key: `a`: /no/such/key cannot be read",
        ),
        (json!({ "price_in": 1.0 }), "go together"),
        (json!({ "price_in": -1.0, "price_out": 1.0 }), "from 0"),
        (json!({ "context": 0 }), "`context` of the engine `a`"),
        (json!({ "silence_timeout": "soon" }), "`silence_timeout`"),
        (json!({ "nmae": "a" }), "unknown field `nmae`"),
    ] {
        let error = with(&changes).expect_err("refused");
        assert!(error.contains(words), "{changes}: {error}");
    }
}

#[test]
fn a_literal_key_is_refused_and_not_repeated() {
    let error = with(&json!({ "keys": ["sk-canary"] })).expect_err("refused");
    assert!(
        error.contains("env:NAME") && !error.contains("canary"),
        "{error}"
    );
}

#[test]
fn the_chain_as_a_whole_is_checked_too() {
    let engine =
        json!({ "name": "a", "base_url": "http://127.0.0.1:1/v1", "model": "m", "keyless": true });
    let many: Vec<Value> = vec![engine.clone(); 21];
    for (config, words) in [
        (json!({}), "`chain` names no engine"),
        (
            json!({ "chain": [engine, engine] }),
            "two engines called `a`",
        ),
        (json!({ "chain": many }), "more than 20 engines"),
        (
            json!({ "chain": [engine], "daily_budget_usd": 1.0 }),
            "no budget can hold",
        ),
        (
            json!({ "chain": [engine], "caller_daily_budget_usd": 1.0 }),
            "no budget can hold",
        ),
        (
            json!({ "chain": [engine], "breaker_failures": 0 }),
            "`breaker_failures` is 0",
        ),
        (
            json!({ "chain": [engine], "cooldown": "2h" }),
            "`cooldown` must be",
        ),
        (
            json!({ "chain": [engine], "key_bench": "0s" }),
            "`key_bench` must be",
        ),
        (
            json!({ "chain": [engine], "connect_timeout": "x" }),
            "`connect_timeout`",
        ),
    ] {
        let error = built(config).expect_err("refused");
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn an_engine_without_a_key_stays_in_a_chain_that_has_another() {
    let engines = built(json!({ "chain": [
        { "name": "a", "base_url": "https://example.com", "model": "m", "keys": ["env:MCP_FACTORY_NOT_SET"] },
        { "name": "b", "base_url": "http://localhost", "model": "m", "keyless": true },
    ] }))
    .expect("one is enough");
    assert!(engines[0].keys.is_empty() && !engines[1].keys.is_empty());
}
