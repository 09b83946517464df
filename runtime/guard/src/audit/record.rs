//! What is told of a decision, and the line it becomes.

use std::{net::IpAddr, time::Duration};

use serde::Serialize;

use super::fingerprint::Fingerprint;
use crate::{
    Timestamp,
    line::{Text, line},
};

/// One decision: a call that ran, or something that was refused. What is `None` is left out.
///
/// Texts may come from a client as they are: they are escaped, and cut after 512 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// What happened: `call` (it ran), `refused` (it did not), or another word of the server's.
    pub event: &'static str,
    /// Who, as [`Principal::id`](mcp_factory_sdk::Principal::id) says; `None` when nobody was verified.
    pub principal: Option<&'a str>,
    /// The caller's tenant.
    pub tenant: Option<&'a str>,
    /// `stdio` or `http`.
    pub transport: &'static str,
    /// Where from.
    pub address: Option<IpAddr>,
    /// The protocol's method, such as `tools/call`.
    pub method: Option<&'a str>,
    /// The tool, prompt or URI.
    pub name: Option<&'a str>,
    /// The plugin it belongs to.
    pub plugin: Option<&'a str>,
    /// The scope it demands.
    pub scope: Option<&'a str>,
    /// How it ended: `ok`, or a word for what was wrong.
    pub outcome: &'static str,
    /// Which arguments, without what they were.
    pub arguments: Option<Fingerprint>,
    /// Whether it is the answer of an earlier call, or of an equal one that ran at the same time; nothing ran for
    /// this one. Left out when not.
    pub cached: bool,
    /// How long it took; written as whole microseconds.
    pub duration: Option<Duration>,
    /// The trace it belongs to.
    pub trace_id: Option<&'a str>,
    /// What the client was told to find it in the log by.
    pub error_id: Option<&'a str>,
}

impl Record<'_> {
    /// The record as a line of JSON, line break included.
    pub(super) fn line(&self, time: Duration) -> Vec<u8> {
        line(&Line {
            time: Timestamp(time),
            event: self.event,
            principal: self.principal.map(Text),
            tenant: self.tenant.map(Text),
            transport: self.transport,
            address: self.address,
            method: self.method.map(Text),
            name: self.name.map(Text),
            plugin: self.plugin.map(Text),
            scope: self.scope.map(Text),
            outcome: self.outcome,
            arguments: self.arguments,
            cached: self.cached.then_some(true),
            duration_us: self.duration.map(|time| time.as_micros()),
            trace_id: self.trace_id.map(Text),
            error_id: self.error_id.map(Text),
        })
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Text<'a>>,
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Text<'a>>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<Fingerprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_us: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::dropped;

    fn read(line: &[u8]) -> serde_json::Value {
        assert_eq!(
            line.iter().position(|byte| *byte == b'\n'),
            Some(line.len() - 1)
        );
        serde_json::from_slice(line).expect("it is JSON")
    }

    #[test]
    fn a_full_record_has_every_field_in_order() {
        let record = Record {
            event: "call",
            principal: Some("https://id.example.com/|ann"),
            tenant: Some("acme"),
            transport: "http",
            address: Some(IpAddr::from([192, 0, 2, 1])),
            method: Some("tools/call"),
            name: Some("read_file"),
            plugin: Some("fs"),
            scope: Some("read"),
            outcome: "ok",
            arguments: None,
            cached: true,
            duration: Some(Duration::from_micros(1_500)),
            trace_id: Some("0af7651916cd43dd8448eb211c80319c"),
            error_id: Some("1a2b3c4d"),
        };
        assert_eq!(
            String::from_utf8(record.line(Duration::from_millis(1_795_238_598_042))).expect("text"),
            "{\"time\":\"2026-11-21T05:23:18.042Z\",\"event\":\"call\",\
             \"principal\":\"https://id.example.com/|ann\",\"tenant\":\"acme\",\"transport\":\"http\",\
             \"address\":\"192.0.2.1\",\"method\":\"tools/call\",\"name\":\"read_file\",\"plugin\":\"fs\",\
             \"scope\":\"read\",\"outcome\":\"ok\",\"cached\":true,\"duration_us\":1500,\
             \"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"error_id\":\"1a2b3c4d\"}\n"
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let record = Record {
            event: "refused",
            transport: "stdio",
            outcome: "scope",
            ..Record::default()
        };
        let json = read(&record.line(Duration::ZERO));
        let keys: Vec<_> = json.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["time", "event", "transport", "outcome"]);
    }

    #[test]
    fn a_hostile_name_adds_no_line_and_no_field() {
        let name = "x\n{\"event\":\"call\"}\r\n\",\"outcome\":\"ok\u{2028}\u{85}";
        let record = Record {
            event: "refused",
            name: Some(name),
            outcome: "unknown",
            ..Record::default()
        };
        let json = read(&record.line(Duration::ZERO));
        assert_eq!(json["name"], name);
        assert_eq!(json["outcome"], "unknown");
    }

    #[test]
    fn a_record_is_bounded() {
        let long = "\u{2028}".repeat(100_000);
        let record = Record {
            principal: Some(&long),
            tenant: Some(&long),
            method: Some(&long),
            name: Some(&long),
            plugin: Some(&long),
            scope: Some(&long),
            trace_id: Some(&long),
            error_id: Some(&long),
            ..Record::default()
        };
        let line = record.line(Duration::ZERO);
        assert!(line.len() < 10_000, "{}", line.len());
        assert!(read(&line)["name"].as_str().expect("a text").ends_with('…'));
    }

    #[test]
    fn the_count_of_missing_records_is_a_record() {
        let line = String::from_utf8(dropped(Timestamp(Duration::ZERO), 7)).expect("text");
        assert_eq!(
            line,
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"dropped\",\"count\":7}\n"
        );
    }
}
