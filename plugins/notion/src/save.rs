//! What is written to Notion: pages, blocks and properties.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::{Ask, Until};
use crate::blocks::Raw;
use crate::error::NotionError;
use crate::id::Id;
use crate::markdown::blocks;
use crate::notion::{Notion, list, short_of, written};
use crate::rich;
use crate::roots::Node;
use crate::sources::is_something_else;
use crate::values;

/// A page that was created or changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SavedPage {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its address, for people.
    pub url: String,
}

/// Blocks that were added.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Appended {
    /// Their ids, in order.
    pub block_ids: Vec<String>,
}

/// Where a page is created.
enum Place {
    /// Below this page.
    Page,
    /// In this data source, whose pages have these properties.
    Source(Id, Value),
}

impl Notion {
    /// Creates a page below another page, or in a data source.
    pub async fn create_page(
        &self,
        parent: &str,
        title: &str,
        properties: Option<&Map<String, Value>>,
        markdown: Option<&str>,
        until: Until,
    ) -> Result<SavedPage, NotionError> {
        self.check_mode()?;
        let given = Id::of("parent_id", parent)?;
        let title = written("title", title)?;
        let title = rich::write_plain(&title).ok_or(NotionError::TooLarge("title", 200_000))?;
        let children = match markdown.filter(|text| !text.trim().is_empty()) {
            Some(text) => blocks("markdown", text)?,
            None => Vec::new(),
        };
        let place = self.place(&given, until).await?;
        let (parent, mut set) = match &place {
            Place::Page => {
                if properties.is_some_and(|properties| !properties.is_empty()) {
                    return Err(NotionError::NoPropertiesHere);
                }
                (json!({ "type": "page_id", "page_id": given }), Map::new())
            }
            Place::Source(id, found) => {
                let empty = Map::new();
                let set = values::write_all(properties.unwrap_or(&empty), &found["properties"])?;
                (
                    json!({ "type": "data_source_id", "data_source_id": id }),
                    set,
                )
            }
        };
        // Every page has one property of this type, whatever it is called.
        let name = match &place {
            Place::Page => "title".to_owned(),
            Place::Source(_, found) => title_property(&found["properties"])?,
        };
        set.insert(name, json!({ "title": title }));
        let mut body = json!({ "parent": parent, "properties": set });
        if !children.is_empty() {
            body["children"] = children.into();
        }
        saved(&self.api.ask(Ask::create("pages", body), until).await?)
    }

    /// What `parent_id` names: a page that may be used, or else a data source.
    async fn place(&self, id: &Id, until: Until) -> Result<Place, NotionError> {
        match self.fetch(&Node::Page(id.clone()), until).await {
            Ok(_) => Ok(Place::Page),
            Err(error) if is_something_else(&error) => {
                let (id, found) = self.source("parent_id", id.as_str(), until).await?;
                Ok(Place::Source(id, found))
            }
            Err(error) => Err(error),
        }
    }

    /// Adds blocks at the end of a page or a block, or after one of its blocks.
    pub async fn append_blocks(
        &self,
        block: &str,
        markdown: &str,
        after: Option<&str>,
        until: Until,
    ) -> Result<Appended, NotionError> {
        self.check_mode()?;
        let id = Id::of("block_id", block)?;
        let after = after.map(|after| Id::of("after", after)).transpose()?;
        let children = blocks("markdown", markdown)?;
        self.check(&Node::Block(id.clone()), until).await?;
        let mut body = json!({ "children": children });
        if let Some(after) = after {
            body["position"] = json!({ "type": "after_block", "after_block": { "id": after } });
        }
        let ask = Ask::change(format!("blocks/{id}/children"), body);
        let (added, _) = list(self.api.ask(ask, until).await?)?;
        let ids = added.iter().filter_map(|block| Raw::of(block).id);
        Ok(Appended {
            block_ids: ids.map(|id| id.to_string()).collect(),
        })
    }

    /// Sets properties of a page.
    pub async fn update_properties(
        &self,
        page: &str,
        properties: &Map<String, Value>,
        until: Until,
    ) -> Result<SavedPage, NotionError> {
        self.check_mode()?;
        let id = Id::of("page_id", page)?;
        if properties.is_empty() {
            return Err(NotionError::NoChange);
        }
        let node = Node::Page(id.clone());
        let found = self.fetch(&node, until).await?;
        let set = values::write_all(properties, &found["properties"])?;
        let ask = Ask::change(node.path(), json!({ "properties": set }));
        saved(&self.api.ask(ask, until).await?)
    }
}

fn saved(page: &Value) -> Result<SavedPage, NotionError> {
    let id = page["id"]
        .as_str()
        .and_then(Id::parse)
        .ok_or(NotionError::Unreadable)?;
    Ok(SavedPage {
        id: id.to_string(),
        title: values::title(&page["properties"]),
        url: short_of(&page["url"]),
    })
}

/// The name of the property that is the title.
fn title_property(properties: &Value) -> Result<String, NotionError> {
    let properties = properties.as_object().into_iter().flatten();
    let mut titles = properties.filter(|(_, property)| property["type"] == "title");
    titles
        .next()
        .map(|(name, _)| name.clone())
        .ok_or(NotionError::Unreadable)
}
