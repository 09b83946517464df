use mcp_factory_sdk::{Secret, SecretReference, keep_secret};
use serde_json::json;

use super::*;

fn clean(value: Value) -> Value {
    Redactor::new(&["I-BAN".to_owned()])
        .of(&["code".to_owned()])
        .value(value)
}

fn clean_text(text: &str) -> String {
    Redactor::new(&["I-BAN".to_owned()])
        .of(&["code".to_owned()])
        .text(text)
}

#[test]
fn what_has_a_secret_name_is_gone_at_any_depth() {
    let value = json!({
        "path": "/a",
        "password": "canary",
        "headers": [{"Authorization": ["canary"], "Accept": "text/plain"}],
        "iban": "canary", "code": "canary", "key": "b",
        "deep": {"deeper": {"api_key": {"inner": "canary"}}},
        "max_tokens": 5,
    });
    assert_eq!(
        clean(value),
        json!({
            "path": "/a",
            "password": REDACTED,
            "headers": [{"Authorization": REDACTED, "Accept": "text/plain"}],
            "iban": REDACTED, "code": REDACTED, "key": "b",
            "deep": {"deeper": {"api_key": REDACTED}},
            "max_tokens": 5,
        })
    );
}

#[test]
fn json_in_a_text_is_looked_into_and_else_left_as_it_was() {
    let inner = json!({"token": "canary", "a": [1]}).to_string();
    let twice = json!({"body": inner}).to_string();
    let told = clean(json!({"body": inner, "twice": twice}));
    assert!(!told.to_string().contains("canary"), "{told}");
    assert_eq!(told["body"], "{\"token\":\"[redacted]\",\"a\":[1]}");
    let odd = "{ \"a\" :  1.50 }";
    assert_eq!(clean(json!({"body": odd})), json!({"body": odd}));
}

#[test]
fn credentials_in_a_text_are_gone() {
    for (text, told) in [
        (
            "Authorization: Bearer abcdefgh.ijk",
            "Authorization: [redacted]",
        ),
        (
            "curl -H 'authorization: bearer abcdefghij' x",
            "curl -H 'authorization: [redacted]' x",
        ),
        (
            "Basic dXNlcjpwYXNz, and Bearer zzzzzzzzz",
            "Basic [redacted], and Bearer [redacted]",
        ),
        (
            "https://ann:hunter2@example.com/a?b=c",
            "https://[redacted]@example.com/a?b=c",
        ),
        (
            "https://example.com/?token=hunter2&page=2",
            "https://example.com/?token=[redacted]&page=2",
        ),
        (
            "DB_PASSWORD=\"hunter2\"\nHOST=a",
            "DB_PASSWORD=\"[redacted]\"\nHOST=a",
        ),
        (
            "user=ann;password=hunter2;api_key=hunter2",
            "user=ann;password=[redacted];api_key=[redacted]",
        ),
    ] {
        assert_eq!(clean(json!([text])), json!([told]));
    }
    for text in [
        "the bearer of news",
        "basic rules",
        "Basic authentication is what it is called",
        "a == b",
        "=",
        "token=",
        "http://example.com/@ann",
        "größe=ß",
    ] {
        assert_eq!(clean(json!([text])), json!([text]));
    }
}

#[test]
fn names_and_pairs_in_json_are_known_however_they_are_written() {
    for (value, told) in [
        (
            json!({"CODE": "canary", "codes": ["canary"], "code_2": 5}),
            json!({"CODE": REDACTED, "codes": REDACTED, "code_2": REDACTED}),
        ),
        (
            json!([{"name": "DB_PASSWORD", "value": "canary"}, {"Key": "iban", "Value": 7}]),
            json!([{"name": "DB_PASSWORD", "value": REDACTED}, {"Key": "iban", "Value": REDACTED}]),
        ),
        (
            json!({"name": "PATH", "value": "/bin", "values": [1]}),
            json!({"name": "PATH", "value": "/bin", "values": [1]}),
        ),
        (
            json!([
                "run",
                "--password",
                "canary",
                "-v",
                "--token",
                "--no-auth",
                "x",
                "--pin",
                1234
            ]),
            json!([
                "run",
                "--password",
                REDACTED,
                "-v",
                "--token",
                "--no-auth",
                "x",
                "--pin",
                REDACTED
            ]),
        ),
    ] {
        assert_eq!(clean(value), told);
    }
}

#[test]
fn what_arguments_held_is_gone_from_what_came_back() {
    let mut redactor = Redactor::default();
    let mut redaction = redactor.of(&["pin".to_owned()]);
    let arguments = json!({
        "pin": 46_368, "password": "hun\"ter2", "user": "ann", "otp": "abc",
        "headers": {"Authorization": "Bearer canary-1"}, "text": "token=canary-2",
    });
    redaction.arguments(|redaction| redaction.value(arguments));
    assert_eq!(
        redaction.text("hun\"ter2, hun\\\"ter2, 46368, canary-1, canary-2, abc of ann"),
        "[redacted], [redacted], [redacted], [redacted], [redacted], abc of ann"
    );
    assert_eq!(
        redaction.value(json!({"a": 46_368, "b": [1]})),
        json!({"a": REDACTED, "b": [1]})
    );
    // The next call has its own.
    assert_eq!(redactor.of(&[]).text("canary-1"), "canary-1");
}

#[test]
fn json_that_cannot_be_read_is_looked_through_as_text() {
    let deep = format!(
        "{}{{\"password\":\"canary\"}}{}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let mut quoted = json!({"password": "canary", "a": 1}).to_string();
    for _ in 0..4 {
        quoted = json!({ "body": quoted }).to_string();
    }
    for text in [
        r#"{"a":1e999,"password":"canary"}"#,
        r#"{"a":"\ud800","db":{"secrets":{"a":["canary","}"]}},"b":1}"#,
        // The last of two that are one: the first is still in the text.
        r#"{"password":"canary","password":null}"#,
        "{\"a\":1}\n{\"token\":\"canary\"}",
        deep.as_str(),
        quoted.as_str(),
    ] {
        let told = clean_text(text);
        assert!(
            !told.contains("canary") && told.contains(REDACTED),
            "{text}: {told}"
        );
    }
}

#[test]
fn a_name_that_was_cut_ends_with_no_part_of_a_secret() {
    keep_secret(
        "vault:redact#cut".to_owned(),
        Secret::new("beginning-of-a-canary".to_owned()),
    );
    let reference: SecretReference = "vault:redact#cut".parse().expect("a reference");
    reference.read().expect("it was kept");
    let mut redactor = Redactor::default();
    let mut redaction = redactor.of(&[]);
    let cut = format!("{}beginning-of", "x".repeat(116));
    assert_eq!(
        redaction.beginning(&cut),
        format!("{}{REDACTED}", "x".repeat(116))
    );
    assert_eq!(redaction.beginning("beginning-of"), "beginning-of");
}

/// Each of these, a MiB of it: twice as much takes twice as long, and not four times.
#[test]
fn a_text_that_is_made_to_take_long_does_not() {
    let quotes = (1..40).map(|n| format!("pin={}\"", "\\".repeat(n)));
    let quotes = quotes.collect::<Vec<_>>().concat();
    for part in [
        "a=",
        "token=[redacted]",
        "token=",
        "token: ",
        "token: |",
        "token: | ",
        "token:\n",
        "token: {",
        "token: [",
        "pin=\"a ",
        "pin='",
        "pin=''",
        "pin=\"\"\"",
        "pin=a(\"",
        "pin=a,",
        "pin=a&b",
        "\"pin\":",
        "pin = ",
        " pin\t",
        "://[redacted]@",
        "://",
        "://@",
        "basic b",
        "bearer ",
        "token ",
        "b",
        "QmFzZTY0",
        "=",
        ":",
        "-",
        " --pin ",
        " --pin -",
        "\"",
        "'",
        "\\",
        "\\\"",
        "{",
        "[",
        "{\"",
        "{\"a\":",
        "[{\"\":0},",
        " ",
        "\n",
        "é",
        "a.",
        &quotes,
    ] {
        let text = part.repeat((1 << 20) / part.len());
        let begun = std::time::Instant::now();
        clean(json!([text]));
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(20),
            "{part:?}: {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn every_secret_that_was_read_is_gone_wherever_it_stands() {
    let read = |name: &str, value: &str| {
        keep_secret(format!("vault:{name}"), Secret::new(value.to_owned()));
        let reference: SecretReference = format!("vault:{name}").parse().expect("a reference");
        reference.read().expect("it was kept")
    };
    read("redact#plain", "s3cr3t-canary");
    read("redact#quoted", "can\"ary\\two");
    read("redact#url", "redis://ann:canary-three@host/0");
    read(
        "redact#key",
        "-----BEGIN KEY-----\ncanarycanarycanary\n-----END KEY-----",
    );
    read("redact#short", "abc");
    read("redact#digits", "8315550123");
    let value = json!({
        "text": "it is s3cr3t-canary, can\"ary\\two and canary-three",
        "s3cr3t-canary": 8_315_550_123_u64,
        "inner": json!({"a": "can\"ary\\two"}).to_string(),
        "lines": ["canarycanarycanary", "abc"],
    });
    let told = clean(value).to_string();
    assert!(
        !told.contains("canary") && !told.contains("can\\"),
        "{told}"
    );
    assert!(
        !told.contains("8315550123") && told.contains("abc"),
        "{told}"
    );
    // One that is rotated: both are known.
    let mut redactor = Redactor::default();
    assert_eq!(
        redactor.of(&[]).text("s3cr3t-canary fourth-canary"),
        "[redacted] fourth-canary"
    );
    read("redact#plain", "fourth-canary");
    assert_eq!(
        redactor.of(&[]).text("s3cr3t-canary fourth-canary"),
        "[redacted] [redacted]"
    );
}
