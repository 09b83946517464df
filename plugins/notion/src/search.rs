//! Finding pages and data sources by their titles.

use mcp_factory_outbound::Position;
use mcp_factory_sdk::{CursorKey, visible};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Ask, Until};
use crate::error::NotionError;
use crate::id::Id;
use crate::notion::{Notion, list, short, short_of};
use crate::rich;
use crate::roots::Node;
use crate::values;

/// How many requests one answer may cost, to see what is below a root.
const MOST_REQUESTS: u32 = 40;

/// What is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Kind {
    Page,
    DataSource,
}

/// A page or a data source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// `page` or `data_source`.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Its address, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was last changed.
    pub last_edited: String,
}

/// A page of what was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Found {
    /// What was found.
    pub items: Vec<Item>,
    /// Whether there may be more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Notion {
    /// A page of the pages and data sources whose titles hold `words`, last changed first.
    pub async fn search(
        &self,
        words: &str,
        kind: Option<Kind>,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Found, NotionError> {
        let words = visible(words);
        let calls = CursorKey::new(
            "search",
            &[&words, &format!("{kind:?}"), &limit.to_string()],
        );
        let position = Position::decode(calls, cursor)?;
        let mut question = json!({
            "page_size": limit,
            "sort": { "timestamp": "last_edited_time", "direction": "descending" },
        });
        if !words.trim().is_empty() {
            question["query"] = words.into();
        }
        if let Some(kind) = kind {
            question["filter"] = json!({ "property": "object", "value": kind });
        }
        if !position.page.is_empty() {
            question["start_cursor"] = position.page.as_str().into();
        }
        let answer = self
            .api
            .ask(Ask::question("search".to_owned(), question), until)
            .await?;
        let (results, next) = list(answer)?;
        let (items, next) = self.below_roots(&results, &position, next, until).await?;
        Ok(Found {
            items,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(calls)),
        })
    }

    /// Of a page of results, those below a root, as long as there is room and looking up costs not too much.
    async fn below_roots(
        &self,
        results: &[Value],
        position: &Position,
        next: Option<String>,
        until: Until,
    ) -> Result<(Vec<Item>, Option<Position>), NotionError> {
        let mut requests = MOST_REQUESTS;
        let mut room = self.answer_bytes;
        let mut items = Vec::new();
        for (at, result) in results.iter().enumerate().skip(position.skip as usize) {
            let Some((node, item)) = item(result) else {
                continue;
            };
            self.parents
                .set(node.id(), Node::of_parent(&result["parent"]));
            let before = requests;
            let inside = self.is_inside(&node, &mut requests, until).await?;
            let size = serde_json::to_vec(&item).map_or(0, |json| json.len());
            // Too deep to be found out even with all the requests of an answer: left out.
            let is_hopeless = inside.is_none() && (before == MOST_REQUESTS || requests > 0);
            let is_full = (inside.is_none() && !is_hopeless)
                || (inside == Some(true) && size > room && !items.is_empty());
            if is_full {
                let skip = u32::try_from(at).unwrap_or(u32::MAX);
                let page = position.page.clone();
                return Ok((items, Some(Position { page, skip })));
            }
            if inside == Some(true) {
                room = room.saturating_sub(size);
                items.push(item);
            }
        }
        Ok((items, next.map(|page| Position { page, skip: 0 })))
    }
}

fn item(result: &Value) -> Option<(Node, Item)> {
    let id = Id::parse(result["id"].as_str()?)?;
    let kind = result["object"].as_str()?;
    let (node, title) = match kind {
        "page" => (Node::Page(id.clone()), values::title(&result["properties"])),
        "data_source" => (
            Node::DataSource(id.clone()),
            short(&rich::read_plain(&result["title"])),
        ),
        _ => return None,
    };
    let url = short_of(&result["url"]);
    let item = Item {
        id: id.to_string(),
        kind: kind.to_owned(),
        title,
        url: (!url.is_empty()).then_some(url),
        last_edited: short_of(&result["last_edited_time"]),
    };
    Some((node, item))
}
