//! The plugins that need no service and no settings.

use std::path::Path;

use serde_json::json;

use super::{Stop, quoted};

pub(super) fn stop(folder: &Path) -> Stop {
    let graph = folder.join("memory.db");
    Stop {
        config: format!(
            "[plugins.memory]\npath = {}\nmode = \"readwrite\"\n",
            quoted(&graph)
        ),
        calls: vec![
            ("echo", json!({ "text": "hello" })),
            ("echo_upper", json!({ "text": "hello" })),
            ("greet", json!({ "name": "Ann" })),
            ("find_users", json!({ "query": "a" })),
            ("get_current_time", json!({ "timezone": "Europe/Berlin" })),
            (
                "convert_time",
                json!({ "source_timezone": "Europe/Berlin", "time": "12:30", "target_timezone": "Asia/Tokyo" }),
            ),
            (
                "sequentialthinking",
                json!({ "thought": "First.", "nextThoughtNeeded": false, "thoughtNumber": 1, "totalThoughts": 1 }),
            ),
            ("execute_code", json!({ "code": "1 + 1" })),
            (
                "create_entities",
                json!({ "entities": [
                    { "name": "ann", "entityType": "person", "observations": ["likes tea"] },
                    { "name": "bob", "entityType": "person", "observations": [] },
                ] }),
            ),
            (
                "create_relations",
                json!({ "relations": [{ "from": "ann", "to": "bob", "relationType": "knows" }] }),
            ),
            (
                "add_observations",
                json!({ "observations": [{ "entityName": "bob", "contents": ["likes coffee"] }] }),
            ),
            ("read_graph", json!({})),
            ("search_nodes", json!({ "query": "tea" })),
            ("open_nodes", json!({ "names": ["bob"] })),
            (
                "delete_observations",
                json!({ "deletions": [{ "entityName": "bob", "observations": ["likes coffee"] }] }),
            ),
            (
                "delete_relations",
                json!({ "relations": [{ "from": "ann", "to": "bob", "relationType": "knows" }] }),
            ),
            ("delete_entities", json!({ "entityNames": ["bob"] })),
        ],
        ..Stop::default()
    }
}
