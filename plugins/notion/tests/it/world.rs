//! What stands in the fake: a page that is shared, one that is not meant for the agent, and what is below.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what goes in is made on the spot"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The root in most tests.
pub(crate) const HOME: &str = "00000001-0000-4000-8000-000000000000";
/// A page below it, with text.
pub(crate) const GUIDE: &str = "00000002-0000-4000-8000-000000000000";
/// Another page at the top, and a page below it.
pub(crate) const SECRET: &str = "00000003-0000-4000-8000-000000000000";
pub(crate) const PLANS: &str = "00000004-0000-4000-8000-000000000000";
/// A database below the root, its only data source, and a page in that.
pub(crate) const TASKS: &str = "00000005-0000-4000-8000-000000000000";
pub(crate) const TASK_SOURCE: &str = "00000006-0000-4000-8000-000000000000";
pub(crate) const SHIP: &str = "00000007-0000-4000-8000-000000000000";
/// A database with two data sources.
pub(crate) const BOTH: &str = "00000008-0000-4000-8000-000000000000";
pub(crate) const LEFT: &str = "00000009-0000-4000-8000-000000000000";
pub(crate) const RIGHT: &str = "0000000a-0000-4000-8000-000000000000";
/// A database, its data source and a page outside of the root.
pub(crate) const PAYROLL: &str = "0000000b-0000-4000-8000-000000000000";
pub(crate) const PAYROLL_SOURCE: &str = "0000000c-0000-4000-8000-000000000000";
/// A block on the page outside.
pub(crate) const SECRET_BLOCK: &str = "00000100-0000-4000-8000-000000000000";
/// A block of the guide that has others inside.
pub(crate) const TOGGLE: &str = "00000102-0000-4000-8000-000000000000";

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Pages, databases, data sources and blocks by their ids.
    pub(crate) things: BTreeMap<String, Value>,
    /// The blocks inside of pages and blocks, in order.
    pub(crate) inside: BTreeMap<String, Vec<String>>,
    made: u32,
}

impl World {
    /// A fresh id.
    pub(crate) fn next_id(&mut self) -> String {
        self.made += 1;
        format!("0000f{:03x}-0000-4000-8000-000000000000", self.made)
    }

    pub(crate) fn page(&mut self, id: &str, parent: Value, properties: Value) {
        let page = json!({
            "object": "page", "id": id, "parent": parent, "properties": properties, "in_trash": false,
            "url": format!("https://www.notion.so/{id}"), "last_edited_time": "2026-11-01T00:00:00.000Z",
        });
        self.things.insert(id.to_owned(), page);
        self.inside.entry(id.to_owned()).or_default();
    }

    fn titled(&mut self, id: &str, parent: Value, title: &str) {
        self.page(id, parent, json!({ "title": title_of(title) }));
    }

    fn database(&mut self, id: &str, parent: &str, sources: &[(&str, &str)]) {
        let named: Vec<Value> = sources
            .iter()
            .map(|(id, name)| json!({ "id": id, "name": name }))
            .collect();
        let parent = in_page(parent);
        let database =
            json!({ "object": "database", "id": id, "parent": parent, "data_sources": named });
        self.things.insert(id.to_owned(), database);
        for (source, name) in sources {
            let source_thing = json!({
                "object": "data_source", "id": source, "title": rich(name), "url": "https://www.notion.so/x",
                "parent": { "type": "database_id", "database_id": id }, "database_parent": parent,
                "last_edited_time": "2026-11-01T00:00:00.000Z",
                "properties": {
                    "Task": { "type": "title", "title": {} },
                    "Done": { "type": "checkbox", "checkbox": {} },
                    "Points": { "type": "number", "number": { "format": "number" } },
                    "Stage": { "type": "select", "select": { "options": [{ "name": "Now" }, { "name": "Later\u{200b}" }] } },
                    "Tags": { "type": "multi_select", "multi_select": { "options": [{ "name": "a" }] } },
                    "Due": { "type": "date", "date": {} },
                    "Sum": { "type": "formula", "formula": { "expression": "1" } },
                },
            });
            self.things.insert((*source).to_owned(), source_thing);
        }
    }

    /// Adds a block; `body` is what stands under its type.
    pub(crate) fn block(&mut self, id: &str, parent: &str, kind: &str, body: Value) {
        let of = if self.things[parent]["object"] == "page" {
            "page_id"
        } else {
            "block_id"
        };
        let mut block = json!({
            "object": "block", "id": id, "type": kind, "has_children": false,
            "parent": { "type": of, of: parent },
        });
        block[kind] = body;
        self.things.insert(id.to_owned(), block);
        self.inside.entry(id.to_owned()).or_default();
        self.inside
            .entry(parent.to_owned())
            .or_default()
            .push(id.to_owned());
        if let Some(parent) = self.things.get_mut(parent) {
            parent["has_children"] = true.into();
        }
    }

    /// The world of most tests.
    pub(crate) fn new() -> Self {
        let mut world = Self::default();
        let workspace = json!({ "type": "workspace", "workspace": true });
        world.titled(HOME, workspace.clone(), "Home");
        world.titled(GUIDE, in_page(HOME), "The gu\u{e0041}ide");
        world.titled(SECRET, workspace, "Secret");
        world.titled(PLANS, in_page(SECRET), "Plans");
        world.database(TASKS, HOME, &[(TASK_SOURCE, "Tasks")]);
        world.database(BOTH, HOME, &[(LEFT, "Left"), (RIGHT, "Right")]);
        world.database(PAYROLL, SECRET, &[(PAYROLL_SOURCE, "Payroll")]);
        let row = json!({
            "Task": { "id": "title", "type": "title", "title": rich("Ship it") },
            "Done": { "type": "checkbox", "checkbox": false },
            "Points": { "type": "number", "number": 3 },
            "Stage": { "type": "select", "select": null },
            "Tags": { "type": "multi_select", "multi_select": [] },
            "Due": { "type": "date", "date": { "start": "2026-12-01", "end": null } },
            "Sum": { "type": "formula", "formula": { "type": "number", "number": 1 } },
        });
        let parent = json!({ "type": "data_source_id", "data_source_id": TASK_SOURCE, "database_id": TASKS });
        world.page(SHIP, parent, row);
        world.block(SECRET_BLOCK, SECRET, "paragraph", text("canary"));
        world.block(&block_id(1), GUIDE, "heading_1", text("Wel\u{202e}come"));
        world.block(TOGGLE, GUIDE, "toggle", text("More"));
        world.block(&block_id(3), TOGGLE, "bulleted_list_item", text("deep"));
        world.block(&block_id(4), &block_id(3), "paragraph", text("deeper"));
        world.block(&block_id(5), GUIDE, "column_list", json!({}));
        world.block(&block_id(6), &block_id(5), "column", json!({}));
        world.block(&block_id(7), &block_id(6), "to_do", text("in a column"));
        world.block(
            &block_id(8),
            GUIDE,
            "child_page",
            json!({ "title": "Other" }),
        );
        world
    }
}

/// The id of a block of the guide.
pub(crate) fn block_id(n: u32) -> String {
    format!("{:08x}-0000-4000-8000-000000000000", 0x100 + n)
}

pub(crate) fn rich(text: &str) -> Value {
    json!([{ "type": "text", "plain_text": text, "text": { "content": text }, "annotations": {}, "href": null }])
}

pub(crate) fn text(text: &str) -> Value {
    json!({ "rich_text": rich(text) })
}

fn title_of(text: &str) -> Value {
    json!({ "id": "title", "type": "title", "title": rich(text) })
}

pub(crate) fn in_page(id: &str) -> Value {
    json!({ "type": "page_id", "page_id": id })
}
