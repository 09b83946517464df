//! The blocks inside of a block or a page, one by one with their ids.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::{CursorKey, visible_up_to};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Ask, Until};
use crate::blocks::Raw;
use crate::error::NotionError;
use crate::id::Id;
use crate::notion::{Notion, list};
use crate::roots::Node;

/// The longest text of a block in a list, in bytes.
const LONGEST: usize = 4 << 10;

/// A block.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Block {
    /// Its id.
    pub id: String,
    /// What it is, as in paragraph.
    pub r#type: String,
    /// Its own text, as Markdown.
    pub text: String,
    /// The text is longer than shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Whether there are blocks inside.
    pub has_children: bool,
    /// Of something to do: whether it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<bool>,
}

/// A page of blocks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Blocks {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Block {
    pub(crate) fn of(raw: &Raw<'_>) -> Self {
        let (text, cut) = visible_up_to(&raw.text(), LONGEST);
        Self {
            id: raw.id.as_ref().map(ToString::to_string).unwrap_or_default(),
            r#type: visible_up_to(raw.kind, 60).0,
            text,
            cut,
            has_children: raw.has_children,
            checked: (raw.kind == "to_do").then(|| raw.is_checked()),
        }
    }
}

impl Notion {
    /// A page of the blocks inside of a block or a page.
    pub async fn block_children(
        &self,
        block: &str,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Blocks, NotionError> {
        let id = Id::of("block_id", block)?;
        let limit = limit.to_string();
        let calls = CursorKey::new("children", &[id.as_str(), &limit]);
        let position = Position::decode(calls, cursor)?;
        self.check(&Node::Block(id.clone()), until).await?;
        let mut ask = Ask::get(format!("blocks/{id}/children")).with("page_size", &limit);
        if !position.page.is_empty() {
            ask = ask.with("start_cursor", &position.page);
        }
        let (blocks, next) = list(self.api.ask(ask, until).await?)?;
        let blocks = blocks
            .iter()
            .map(|block| Block::of(&Raw::of(block)))
            .collect();
        let (blocks, next) = fit(blocks, &position, next, self.answer_bytes);
        Ok(Blocks {
            blocks,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(calls)),
        })
    }
}
