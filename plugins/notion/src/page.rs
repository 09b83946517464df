//! A page as text, in parts.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use mcp_factory_outbound::Position;
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::{Ask, Until};
use crate::blocks::Raw;
use crate::error::NotionError;
use crate::id::Id;
use crate::notion::{Notion, list, short_of};
use crate::roots::Node;
use crate::values;

/// How many blocks are asked for at once.
const AT_ONCE: &str = "100";
/// How deep blocks inside of blocks are followed, and how many requests that may take for one answer.
const DEEPEST: usize = 4;
const MOST_REQUESTS: u32 = 20;

/// A page.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its address, for people.
    pub url: String,
    /// When it was last changed.
    pub last_edited: String,
    /// In the trash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_trash: bool,
    /// Its properties as text, but for the title and empty ones; only on the first page.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// What stands on it, as Markdown. `[page …]` is a page inside.
    pub markdown: String,
    /// Whether there is more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Text that is being put together, and what it may still cost.
struct Text {
    markdown: String,
    room: usize,
    requests: u32,
}

impl Notion {
    /// A page and as much of its text as fits.
    pub async fn get_page(
        &self,
        page: &str,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Page, NotionError> {
        let id = Id::of("page_id", page)?;
        let calls = CursorKey::new("page", &[id.as_str()]);
        let position = Position::decode(calls, cursor)?;
        let node = Node::Page(id.clone());
        let found = self.fetch(&node, until).await?;
        let properties = &found["properties"];
        let is_first = position == Position::default();
        let shown = if is_first {
            values::read_all(properties)
        } else {
            BTreeMap::new()
        };
        let used: usize = shown
            .iter()
            .map(|(name, text)| name.len() + text.len())
            .sum();
        let mut text = Text {
            markdown: String::new(),
            room: self.answer_bytes.saturating_sub(used).max(1024),
            requests: MOST_REQUESTS,
        };
        let next = self.text_of(&id, &position, &mut text, until).await?;
        Ok(Page {
            id: id.to_string(),
            title: values::title(properties),
            url: short_of(&found["url"]),
            last_edited: short_of(&found["last_edited_time"]),
            in_trash: found["in_trash"] == true,
            properties: shown,
            markdown: text.markdown,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(calls)),
        })
    }

    /// Adds the blocks of a page from `position` on, and says where it goes on.
    async fn text_of(
        &self,
        id: &Id,
        position: &Position,
        text: &mut Text,
        until: Until,
    ) -> Result<Option<Position>, NotionError> {
        let (blocks, next) = self.children_of(id, &position.page, until).await?;
        for (at, block) in blocks.iter().enumerate().skip(position.skip as usize) {
            let mut part = Text {
                markdown: String::new(),
                room: text.room,
                requests: text.requests,
            };
            self.add(block, 0, &mut part, until).await?;
            // What a line end or a quote costs in JSON counts too.
            let size = serde_json::to_string(&part.markdown).map_or(0, |json| json.len());
            let is_alone = text.markdown.is_empty();
            if size > text.room && !is_alone {
                let skip = u32::try_from(at).unwrap_or(u32::MAX);
                let page = position.page.clone();
                return Ok(Some(Position { page, skip }));
            }
            text.requests = part.requests;
            text.room = text.room.saturating_sub(size);
            text.markdown.push_str(&part.markdown);
        }
        Ok(next.map(|page| Position { page, skip: 0 }))
    }

    /// Adds a block and what is inside of it.
    fn add<'a>(
        &'a self,
        block: &'a Value,
        depth: usize,
        text: &'a mut Text,
        until: Until,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotionError>> + Send + 'a>> {
        Box::pin(async move {
            let raw = Raw::of(block);
            let inside = if raw.is_only_a_frame() {
                depth
            } else {
                push(text, depth, &raw.markdown());
                depth + 1
            };
            let Some(id) = raw
                .id
                .as_ref()
                .filter(|_| raw.has_children && !raw.is_a_page())
            else {
                return Ok(());
            };
            let left = |text: &mut Text| {
                push(
                    text,
                    inside,
                    &format!("[more: notion_get_block_children {id}]"),
                );
            };
            if depth >= DEEPEST || text.requests == 0 {
                left(text);
                return Ok(());
            }
            text.requests -= 1;
            let (children, next) = self.children_of(id, "", until).await?;
            for child in &children {
                if text.markdown.len() >= text.room {
                    left(text);
                    return Ok(());
                }
                self.add(child, inside, text, until).await?;
            }
            if next.is_some() {
                left(text);
            }
            Ok(())
        })
    }

    /// The blocks inside of a block or a page that was checked, from Notion's cursor on.
    pub(crate) async fn children_of(
        &self,
        id: &Id,
        cursor: &str,
        until: Until,
    ) -> Result<(Vec<Value>, Option<String>), NotionError> {
        let mut ask = Ask::get(format!("blocks/{id}/children")).with("page_size", AT_ONCE);
        if !cursor.is_empty() {
            ask = ask.with("start_cursor", cursor);
        }
        list(self.api.ask(ask, until).await?)
    }
}

/// Adds lines, indented, as long as there is room for them; what is too long is cut and says so.
fn push(text: &mut Text, depth: usize, lines: &str) {
    let indent = "  ".repeat(depth);
    for line in lines.split('\n') {
        if !line.is_empty() {
            text.markdown.push_str(&indent);
        }
        let room = text.room.saturating_sub(text.markdown.len());
        if line.len() > room {
            text.markdown
                .push_str(&line[..line.floor_char_boundary(room)]);
            text.markdown.push_str("… [cut]\n");
            return;
        }
        text.markdown.push_str(line);
        text.markdown.push('\n');
    }
}
