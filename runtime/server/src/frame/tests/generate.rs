//! Messages as bytes, most of them in order or nearly so: every spelling of names and values that JSON has, odd
//! numbers, twins, depth, and things that are no JSON.
//!
//! Made from one number each, in a few microseconds, so that there can be very many. Not here: what values look like
//! (`values`), and what they mean.

use super::values::{Dice, Maker};

/// A message, or nearly one.
pub(super) fn message(seed: u64) -> Vec<u8> {
    let mut maker = Maker {
        // Neighbours are to have nothing in common, and zero would stay zero.
        dice: Dice(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        text: String::with_capacity(256),
    };
    maker.dice.below(1);
    match maker.dice.below(40) {
        0 => maker.soup(),
        1 | 2 => maker.value(4),
        _ => maker.envelope(),
    }
    let mut bytes = maker.text.into_bytes();
    if maker.dice.one_in(10) {
        tamper(&mut bytes, &mut maker.dice);
    }
    bytes
}

/// Loses, doubles or changes a few bytes.
fn tamper(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let place = dice.below(bytes.len());
    match dice.below(6) {
        0 => bytes.truncate(place),
        1 => drop(bytes.drain(..place)),
        2 => drop(bytes.splice(place..place, *b"\xc3")),
        3 if place < bytes.len() => drop(bytes.remove(place)),
        4 if place < bytes.len() => bytes.insert(place, bytes[place]),
        _ => {
            let others = b"{}[]\",:0 \\eu-.\x01\x7f";
            bytes.insert(place, others[dice.below(others.len())]);
        }
    }
}

const METHODS: [&str; 6] = [
    "tools/call",
    "resources/read",
    "notifications/cancelled",
    "initialize",
    "ping",
    "",
];
const META: [&str; 7] = [
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/logLevel",
    "progressToken",
    "traceparent",
    "ProgressToken",
    "x",
];
const PARAMS: [&str; 7] = [
    "name",
    "arguments",
    "uri",
    "_meta",
    "requestId",
    "cursor",
    "é",
];
const ENVELOPE: [&str; 8] = [
    "jsonrpc", "id", "method", "params", "result", "error", "x", "name",
];

impl Maker {
    fn soup(&mut self) {
        for _ in 0..self.dice.below(30) {
            let token = self.dice.of(&[
                "{",
                "}",
                "[",
                "]",
                "\"",
                ",",
                ":",
                "0",
                "-",
                "1e",
                "t",
                "true",
                "null",
                "\\u",
                " ",
                "\\\"",
                "é",
                "\"id\":1",
                "\"method\":\"m\"",
                "\"jsonrpc\":\"2.0\"",
            ]);
            self.text.push_str(token);
        }
    }

    fn envelope(&mut self) {
        self.blank();
        let mut names: Vec<&str> = match self.dice.below(10) {
            0 | 1 => vec!["jsonrpc", "method", "params"],
            2 => vec!["jsonrpc", "id", "result"],
            3 => vec!["jsonrpc", "id", "error"],
            4 => vec!["jsonrpc", "id", "method"],
            _ => vec!["jsonrpc", "id", "method", "params"],
        };
        if self.dice.one_in(20) {
            names.remove(self.dice.below(names.len()));
        }
        self.members(names, &ENVELOPE, Self::in_envelope);
        self.blank();
    }

    /// An object of these members, in any order, perhaps with more.
    fn members(&mut self, mut names: Vec<&str>, more: &[&'static str], value: fn(&mut Self, &str)) {
        for _ in 0..2 {
            if self.dice.one_in(12) {
                let name = self.dice.of(more);
                // A twin only now and then.
                if !names.contains(&name) || self.dice.one_in(4) {
                    names.push(name);
                }
            }
        }
        if self.dice.one_in(2) {
            for place in (1..names.len()).rev() {
                names.swap(place, self.dice.below(place + 1));
            }
        }
        self.text.push('{');
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.blank();
            if self.dice.one_in(120) {
                let other = if self.dice.one_in(2) {
                    name.to_uppercase()
                } else {
                    name.replacen(['n', 'i'], "I", 1)
                };
                self.name(&other);
            } else {
                self.name(name);
            }
            self.blank();
            self.text.push(':');
            self.blank();
            value(self, name);
            self.blank();
        }
        self.text.push('}');
    }

    fn in_envelope(&mut self, name: &str) {
        match name {
            "jsonrpc" if self.dice.one_in(60) => {
                let other =
                    self.dice
                        .of(&["\"1.0\"", "2.0", "\"2\\u002e0\"", "\"2.0 \"", "null", "[]"]);
                self.text.push_str(other);
            }
            "jsonrpc" => self.text.push_str("\"2.0\""),
            "id" => self.id(),
            "method" if self.dice.one_in(60) => self.value(1),
            "method" if self.dice.one_in(8) => self.string(),
            "method" => {
                let method = self.dice.of(&METHODS);
                self.name(method);
            }
            "params" if self.dice.one_in(40) => self.value(1),
            "params" => {
                let names = match self.dice.below(5) {
                    0 => vec!["name", "arguments", "_meta"],
                    1 => vec!["name", "arguments"],
                    2 => vec!["uri", "_meta"],
                    3 => vec!["requestId"],
                    _ => vec![],
                };
                self.members(names, &PARAMS, Self::in_params);
            }
            _ => self.value(3),
        }
    }

    fn id(&mut self) {
        match self.dice.below(40) {
            0 => self.number(),
            1 => self.value(1),
            2 => {
                let id = self.dice.of(&[
                    "9223372036854775807",
                    "9223372036854775808",
                    "-9223372036854775808",
                    "-0",
                    "1.0",
                    "null",
                ]);
                self.text.push_str(id);
            }
            3 => {
                let long = "x".repeat(1018 + self.dice.below(8));
                self.name(&long);
            }
            4..12 => self.string(),
            _ => {
                let id = self.dice.below(100_000);
                self.text.push_str(&id.to_string());
            }
        }
    }

    fn in_params(&mut self, name: &str) {
        match name {
            "name" | "uri" if !self.dice.one_in(20) => self.string(),
            "requestId" => self.id(),
            "_meta" if !self.dice.one_in(30) => {
                let names = match self.dice.below(4) {
                    0 => vec![META[0], META[1]],
                    1 => vec![META[3]],
                    2 => vec![META[2], META[4]],
                    _ => vec![],
                };
                self.members(names, &META, |maker, _| maker.value(2));
            }
            "arguments" if !self.dice.one_in(10) => self.object(4),
            _ => self.value(3),
        }
    }
}
