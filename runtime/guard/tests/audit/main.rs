//! The audit on real files, pipes and a full disk.

mod faults;
mod lines;
#[path = "../redis/log.rs"]
mod log;
mod rotation;
mod stderr;

use std::{fs, path::Path};

use mcp_factory_guard::{Audit, AuditConfig, AuditTarget, Clock, Record};
use serde_json::Value;

/// An audit in a file.
fn audit(path: &Path) -> Audit {
    audit_of(path, &AuditConfig::default())
}

fn audit_of(path: &Path, config: &AuditConfig) -> Audit {
    let target = AuditTarget::File(path.to_owned());
    Audit::open(config, &target, Clock::following(1_795_238_598)).expect("it opens")
}

/// The record of a call.
fn call(name: &str) -> Record<'_> {
    Record {
        event: "call",
        name: Some(name),
        outcome: "ok",
        ..Record::default()
    }
}

/// All records of a file.
fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the file is there");
    text.lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn names(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .filter_map(|record| record["name"].as_str())
        .collect()
}
