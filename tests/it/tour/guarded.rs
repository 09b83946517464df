//! A command that the manifest declares, behind a gate: the gate's own tools come with it.

use std::path::Path;

use mcp_factory_tests::guarded::{GATE_SECRET, Step, code};
use serde_json::json;

use super::Stop;

pub(super) fn stop(_: &Path) -> Stop {
    Stop {
        config: "[plugins.shell]\nsandbox = \"best-effort\"\nallow_root = true\n\
            [gate.groups.shell]\nsecret = \"env:TOUR_GATE\"\n"
            .to_owned(),
        environment: vec![("TOUR_GATE".to_owned(), GATE_SECRET.to_owned())],
        calls: vec![
            ("gate_status", json!({})),
            (
                "gate_unlock",
                json!({ "group": "shell", "code": code(Step::Now) }),
            ),
            ("print_words", json!({ "words": "$(id); hello" })),
            ("gate_lock", json!({ "group": "shell" })),
        ],
        ..Stop::default()
    }
}
