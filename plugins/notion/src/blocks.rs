//! What one block of a page says.

use mcp_factory_sdk::visible;
use serde_json::Value;

use crate::id::Id;
use crate::rich;

/// A block as Notion describes it.
#[derive(Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: Option<Id>,
    pub(crate) has_children: bool,
    body: &'a Value,
}

impl<'a> Raw<'a> {
    pub(crate) fn of(block: &'a Value) -> Self {
        let kind = block["type"].as_str().unwrap_or("unsupported");
        Self {
            kind,
            id: block["id"].as_str().and_then(Id::parse),
            has_children: block["has_children"] == true,
            body: &block[kind],
        }
    }

    /// Whether what is inside belongs to another page, which is read by itself.
    pub(crate) fn is_a_page(&self) -> bool {
        matches!(self.kind, "child_page" | "child_database")
    }

    /// Whether it only holds others side by side.
    pub(crate) fn is_only_a_frame(&self) -> bool {
        matches!(
            self.kind,
            "column_list" | "column" | "synced_block" | "table" | "tab"
        )
    }

    /// Its own text, without marks for what it is.
    pub(crate) fn text(&self) -> String {
        let body = self.body;
        match self.kind {
            "child_page" | "child_database" => visible(body["title"].as_str().unwrap_or_default()),
            "equation" => visible(body["expression"].as_str().unwrap_or_default()),
            "table_row" => {
                let cells = body["cells"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let cells: Vec<String> = cells
                    .iter()
                    .map(|cell| rich::read(cell).replace('\n', " ").replace('|', "\\|"))
                    .collect();
                cells.join(" | ")
            }
            "bookmark" | "embed" | "link_preview" => {
                let url = visible(body["url"].as_str().unwrap_or_default());
                let caption = rich::read_plain(&body["caption"]);
                if caption.is_empty() {
                    url
                } else {
                    format!("{caption}: {url}")
                }
            }
            // The addresses of files are good for an hour and open to whoever has them; they stay here.
            "image" | "video" | "audio" | "file" | "pdf" => {
                let name = visible(body["name"].as_str().unwrap_or_default());
                let caption = rich::read_plain(&body["caption"]);
                [name, caption]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join(": ")
            }
            "link_to_page" => {
                let kind = body["type"].as_str().unwrap_or_default();
                visible(body[kind].as_str().unwrap_or_default())
            }
            "code" => rich::read_plain(&body["rich_text"]),
            _ => rich::read(&body["rich_text"]),
        }
    }

    /// Its own text as Markdown; empty for a frame.
    pub(crate) fn markdown(&self) -> String {
        let text = self.text();
        match self.kind {
            "paragraph" => text,
            "heading_1" => format!("# {text}"),
            "heading_2" => format!("## {text}"),
            "heading_3" | "heading_4" => format!("### {text}"),
            "bulleted_list_item" | "toggle" => format!("- {text}"),
            "numbered_list_item" => format!("1. {text}"),
            "to_do" if self.is_checked() => format!("- [x] {text}"),
            "to_do" => format!("- [ ] {text}"),
            "quote" | "callout" => {
                let lines: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
                lines.join("\n")
            }
            "code" => {
                let language = visible(self.body["language"].as_str().unwrap_or_default());
                let fence = if text.contains("```") { "````" } else { "```" };
                format!(
                    "{fence}{}\n{text}\n{fence}",
                    language.replace(['\n', '`'], "")
                )
            }
            "equation" => format!("$${text}$$"),
            "divider" => "---".to_owned(),
            "table_row" => format!("| {text} |"),
            _ if self.is_only_a_frame() => String::new(),
            "child_page" | "child_database" => {
                let id = self
                    .id
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let what = if self.kind == "child_page" {
                    "page"
                } else {
                    "database"
                };
                format!("[{what} {id}] {text}")
            }
            kind => {
                let kind: String = kind
                    .chars()
                    .filter(|c| c.is_ascii_lowercase() || *c == '_')
                    .take(40)
                    .collect();
                format!("[{kind}] {text}").trim_end().to_owned()
            }
        }
    }

    /// Whether it is something to do that is done.
    pub(crate) fn is_checked(&self) -> bool {
        self.body["checked"] == true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn block(kind: &str, body: Value) -> Value {
        let mut block = json!({ "id": "59833787-2cf9-4fdf-8782-e53db20768a5", "type": kind });
        block[kind] = body;
        block
    }

    #[test]
    fn every_kind_of_block_says_something() {
        let rich = |text: &str| json!({ "rich_text": [{ "plain_text": text, "annotations": {} }] });
        let mut done = rich("a");
        done["checked"] = true.into();
        let mut code = rich("let a = \"`\";");
        code["language"] = "rust".into();
        for (kind, body, expected) in [
            ("paragraph", rich("a"), "a"),
            ("heading_1", rich("a"), "# a"),
            ("heading_2", rich("a"), "## a"),
            ("heading_3", rich("a"), "### a"),
            ("bulleted_list_item", rich("a"), "- a"),
            ("numbered_list_item", rich("a"), "1. a"),
            ("toggle", rich("a"), "- a"),
            ("to_do", rich("a"), "- [ ] a"),
            ("to_do", done, "- [x] a"),
            ("quote", rich("a\nb"), "> a\n> b"),
            ("callout", rich("a"), "> a"),
            ("code", code, "```rust\nlet a = \"`\";\n```"),
            ("code", rich("```"), "````\n```\n````"),
            ("divider", json!({}), "---"),
            ("equation", json!({ "expression": "x^2" }), "$$x^2$$"),
            (
                "child_page",
                json!({ "title": "T" }),
                "[page 59833787-2cf9-4fdf-8782-e53db20768a5] T",
            ),
            (
                "child_database",
                json!({ "title": "T" }),
                "[database 59833787-2cf9-4fdf-8782-e53db20768a5] T",
            ),
            (
                "table_row",
                json!({ "cells": [[{ "plain_text": "a|b" }], []] }),
                "| a\\|b |  |",
            ),
            (
                "bookmark",
                json!({ "url": "https://x.example", "caption": [] }),
                "[bookmark] https://x.example",
            ),
            ("column_list", json!({}), ""),
            ("synced_block", json!({}), ""),
            ("unheard_of", json!({}), "[unheard_of]"),
        ] {
            assert_eq!(Raw::of(&block(kind, body)).markdown(), expected, "{kind}");
        }
    }

    #[test]
    fn addresses_of_files_stay_here() {
        let file = json!({
            "name": "plan.pdf", "caption": [{ "plain_text": "the plan" }],
            "type": "file", "file": { "url": "https://s3.example/?X-Amz-Signature=canary" },
        });
        assert_eq!(
            Raw::of(&block("pdf", file)).markdown(),
            "[pdf] plan.pdf: the plan"
        );
    }
}
