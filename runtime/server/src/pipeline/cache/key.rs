//! Which calls are equal: by the same caller with the same scopes, of the same thing, with arguments that
//! differ in nothing but the order of their members and the blanks between them.
//!
//! A key is a SHA-256 over all of it, each part with its length: no two calls that differ have one key, so no
//! caller is given what another one asked for.

use std::ops::Range;

use mcp_factory_sdk::{Principal, ScopeSet};
use sha2::{Digest as _, Sha256};

pub(super) type Key = [u8; 32];

/// Longer arguments are not worth the look.
const LONGEST: usize = 64 << 10;
/// Deeper ones do not come through the door.
const DEEPEST: usize = 128;

/// The key of a tool call; `None` when it has none.
pub(super) fn tool(principal: &Principal, name: &str, arguments: &str) -> Option<Key> {
    let arguments = canonical(arguments)?;
    Some(digest(principal, [b"tool", name.as_bytes(), &arguments]))
}

/// The key of a resource.
pub(super) fn resource(principal: &Principal, uri: &str) -> Key {
    digest(principal, [b"resource", uri.as_bytes(), b""])
}

/// The scopes belong to the caller: a plugin may show more to somebody who may do more.
fn digest(principal: &Principal, what: [&[u8]; 3]) -> Key {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update(bytes.len().to_be_bytes());
        digest.update(bytes);
    };
    part(principal.key().as_bytes());
    for bytes in what {
        part(bytes);
    }
    match principal.scopes() {
        ScopeSet::All => part(b"*"),
        ScopeSet::Granted(scopes) => {
            part(b"");
            for scope in scopes {
                part(scope.as_bytes());
            }
        }
    }
    digest.finalize().into()
}

/// The JSON text without blanks and with the members of each object in one order. Numbers and strings stay as
/// they were written, so what is read from equal texts is equal to the last digit. `None` for what is too
/// long, and for what is not JSON.
fn canonical(json: &str) -> Option<Vec<u8>> {
    if json.len() > LONGEST {
        return None;
    }
    let mut writer = Writer {
        json: json.as_bytes(),
        at: 0,
        written: Vec::with_capacity(json.len()),
    };
    writer.value(DEEPEST)?;
    writer.blanks();
    (writer.at == json.len()).then_some(writer.written)
}

struct Writer<'a> {
    json: &'a [u8],
    at: usize,
    written: Vec<u8>,
}

impl Writer<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes the next byte that is no blank.
    fn take(&mut self) -> Option<u8> {
        self.blanks();
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Copies what lies from `start` to here.
    fn copy_from(&mut self, start: usize) {
        self.written.extend_from_slice(&self.json[start..self.at]);
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.blanks();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        self.written.push(b'{');
        let start = self.written.len();
        let mut members: Vec<Range<usize>> = Vec::new();
        self.blanks();
        if self.peek()? == b'}' {
            self.at += 1;
            self.written.push(b'}');
            return Some(());
        }
        loop {
            let member = self.written.len();
            self.blanks();
            (self.peek()? == b'"').then_some(())?;
            self.string()?;
            (self.take()? == b':').then_some(())?;
            self.written.push(b':');
            self.value(depth)?;
            members.push(member..self.written.len());
            match self.take()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        let sorted = self.sorted(members);
        self.written.truncate(start);
        self.written.extend_from_slice(&sorted);
        self.written.push(b'}');
        Some(())
    }

    /// The members, each of which was written, in the order of their texts.
    fn sorted(&self, mut members: Vec<Range<usize>>) -> Vec<u8> {
        let text = |member: &Range<usize>| &self.written[member.clone()];
        members.sort_unstable_by(|one, other| text(one).cmp(text(other)));
        let members: Vec<&[u8]> = members.iter().map(text).collect();
        members.join(&b',')
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        self.written.push(b'[');
        self.blanks();
        if self.peek()? == b']' {
            self.at += 1;
            self.written.push(b']');
            return Some(());
        }
        loop {
            self.value(depth)?;
            let next = self.take()?;
            self.written.push(next);
            match next {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.copy_from(start);
        Some(())
    }

    /// A number, or `true`, `false`, `null`.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then(|| self.copy_from(start))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn text(json: &str) -> Option<String> {
        canonical(json).map(|bytes| String::from_utf8(bytes).expect("it was text"))
    }

    #[test]
    fn order_and_blanks_are_nothing_and_spelling_is_everything() {
        let one = text("{\"b\": [1, {\"y\":null,\"x\" : true}],\n\t\"a\":\"x, y\" }\r\n");
        assert_eq!(
            one.as_deref(),
            Some(r#"{"a":"x, y","b":[1,{"x":true,"y":null}]}"#)
        );
        for (json, canonical) in [
            ("{}", "{}"),
            (" [ ] ", "[]"),
            ("[ 1 ,2]", "[1,2]"),
            (r#"{"a":"\" }\\"}"#, r#"{"a":"\" }\\"}"#),
            (r#"{"ab":1,"a":2,"":3}"#, r#"{"":3,"a":2,"ab":1}"#),
            ("-1.50E+3", "-1.50E+3"),
        ] {
            assert_eq!(text(json).as_deref(), Some(canonical), "{json}");
        }
        let different = [
            r#"{"a":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":"1"}"#,
            r#"{"a":10e-1}"#,
            r#"{"a":18446744073709551616}"#,
            r#"{"a":18446744073709551617}"#,
            r#"{"a":[1]}"#,
            r#"{"a":"x y"}"#,
            r#"{"a":"xy"}"#,
        ];
        for (at, one) in different.iter().enumerate() {
            for other in &different[at + 1..] {
                assert_ne!(text(one), text(other));
            }
        }
    }

    #[test]
    fn what_is_not_json_or_too_much_has_no_key() {
        let long = format!("\"{}\"", "x".repeat(LONGEST));
        let deep = format!("{}{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1));
        for json in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{a:1}",
            "{\"a\" 1}",
            "[1 2]",
            "\"",
            "\"\\",
            "\"\\\"",
            "1 2",
            "{}}",
            ",",
            &long,
            &deep,
        ] {
            assert_eq!(canonical(json), None, "{json:.20}");
        }
    }

    #[test]
    fn every_part_of_a_call_is_in_its_key() {
        let ann = Principal::new("ann", ScopeSet::All);
        let scoped = |scopes: &[&str]| {
            let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            Principal::new("ann", ScopeSet::Granted(scopes))
        };
        let keys = [
            tool(&ann, "a", "{}"),
            tool(&ann, "b", "{}"),
            tool(&ann, "a", r#"{"x":1}"#),
            tool(&Principal::new("bob", ScopeSet::All), "a", "{}"),
            tool(&ann.clone().of_tenant("acme"), "a", "{}"),
            tool(&scoped(&["read"]), "a", "{}"),
            tool(&scoped(&["read", "write"]), "a", "{}"),
            tool(&scoped(&["*"]), "a", "{}"),
            tool(&scoped(&[]), "a", "{}"),
            Some(resource(&ann, "a")),
            Some(resource(&ann, "a:b")),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(key.is_some());
            assert!(!keys[at + 1..].contains(key), "{at}");
        }
        let again = tool(&ann, "a", r#"{ "x" : 1 }"#);
        assert_eq!(again, keys[2]);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|number: f64| json!(number)),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// The members of all objects the other way round.
    fn turned(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let members = members.iter().rev();
                let turned: Map<_, _> = members
                    .map(|(key, value)| (key.clone(), turned(value)))
                    .collect();
                Value::Object(turned)
            }
            Value::Array(items) => items.iter().map(turned).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn it_is_the_same_value_in_one_spelling(value in values(), other in values()) {
            let written = text(&value.to_string()).expect("it is JSON");
            let read = |json: &str| serde_json::from_str::<Value>(json).expect("it is JSON");
            prop_assert_eq!(read(&written), read(&value.to_string()));
            let pretty = serde_json::to_string_pretty(&turned(&value)).expect("it is a value");
            prop_assert_eq!(text(&pretty), Some(written.clone()));
            let same = text(&other.to_string()).expect("it is JSON") == written;
            prop_assert_eq!(same, other == value);
        }

        #[test]
        fn whatever_comes_it_ends(json in "[\\[\\]{}\",:a1 \\\\]{0,40}") {
            let valid = serde_json::from_str::<Value>(&json).is_ok();
            prop_assert!(canonical(&json).is_some() || !valid);
        }
    }
}
