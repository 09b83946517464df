//! The documents against Linear's own schema, for whoever has it: the emulator knows only a part of it.

use std::process::Command;

use mcp_plugin_linear::DOCUMENTS;
use serde_json::{Value, json};

const ID: &str = "9cfb482a-81e3-4154-b5b9-2c805e70a02d";

/// Variables with every filter and field that the plugin ever sends.
fn variables(name: &str) -> Value {
    let filter = json!({
        "state": { "name": { "eqIgnoreCase": "Todo" } },
        "assignee": { "isMe": { "eq": true }, "null": true, "id": { "eq": ID }, "email": { "eqIgnoreCase": "a@b" } },
        "project": { "id": { "eq": ID } },
        "labels": { "some": { "name": { "eqIgnoreCase": "bug" } } },
        "priority": { "eq": 1 },
        "updatedAt": { "gt": "2026-01-01" },
        "team": { "id": { "in": [ID] } },
    });
    let fields = json!({
        "title": "t", "description": "d", "priority": 1, "projectId": ID, "dueDate": "2026-01-01",
        "assigneeId": null, "stateId": ID, "labelIds": [ID],
    });
    let mut created = fields.clone();
    created["teamId"] = ID.into();
    let page = json!({ "first": 20, "after": null, "team": ID, "id": ID, "term": "t" });
    let mut variables = page;
    match name {
        "CreateIssue" => variables["input"] = created,
        "UpdateIssue" => variables["input"] = fields,
        "AddComment" => variables["input"] = json!({ "issueId": ID, "body": "b" }),
        "Users" => variables["filter"] = json!({ "email": { "eqIgnoreCase": "a@b" } }),
        _ => variables["filter"] = filter,
    }
    variables
}

#[test]
#[ignore = "needs LINEAR_SCHEMA=schema.graphql (github.com/linear/linear) and GRAPHQL=a folder with npm's graphql 16"]
fn the_documents_fit_linears_schema() {
    let cases: Vec<Value> = DOCUMENTS
        .iter()
        .map(|document| {
            json!({ "name": document.name, "text": document.text, "variables": variables(document.name) })
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cases.json");
    std::fs::write(&file, Value::from(cases).to_string()).expect("a file");
    let named = |name: &str| std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set"));
    let output = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/validate.cjs"
        ))
        .arg(named("GRAPHQL"))
        .arg(named("LINEAR_SCHEMA"))
        .arg(file)
        .output()
        .expect("Node.js starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(&format!("{} documents fit", DOCUMENTS.len())),
        "{said}"
    );
}

#[test]
fn every_document_has_the_name_of_its_operation() {
    for document in DOCUMENTS {
        let kind = if document.writes { "mutation" } else { "query" };
        assert!(
            document
                .text
                .starts_with(&format!("{kind} {}", document.name)),
            "{}",
            document.name
        );
    }
}
