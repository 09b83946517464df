//! Data sources: the tables of a database. What columns one has, and its rows, which are pages.

use std::collections::BTreeMap;

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::{CursorKey, quoted};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::{Ask, Until};
use crate::error::NotionError;
use crate::id::Id;
use crate::notion::{Notion, list, short, short_of};
use crate::refusal::Refusal;
use crate::rich;
use crate::roots::Node;
use crate::values;

/// The largest filter, and the largest sort, in bytes of JSON.
const LARGEST_FILTER: usize = 16 << 10;
/// How many options of a property are shown.
const MOST_OPTIONS: usize = 100;

/// A property that the pages of a data source have.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Its type, as in number.
    pub r#type: String,
    /// What may be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// A data source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DataSource {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The properties of its pages.
    pub properties: Vec<Property>,
    /// Whether there are more properties than shown.
    pub truncated: bool,
}

/// A page in a data source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its other properties as text, without empty ones.
    pub properties: BTreeMap<String, String>,
}

/// A page of rows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rows {
    /// The data source.
    pub data_source_id: String,
    /// Its pages.
    pub rows: Vec<Row>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Notion {
    /// A data source that may be used: by its own id, or by that of a database that has only one.
    pub(crate) async fn source(
        &self,
        argument: &'static str,
        id: &str,
        until: Until,
    ) -> Result<(Id, Value), NotionError> {
        let given = Id::of(argument, id)?;
        match self.fetch(&Node::DataSource(given.clone()), until).await {
            Ok(found) => return Ok((given, found)),
            Err(error) if is_something_else(&error) => {}
            Err(error) => return Err(error),
        }
        let database = match self.fetch(&Node::Database(given.clone()), until).await {
            Err(error) if is_something_else(&error) => return Err(NotionError::NotFound(given)),
            answer => answer?,
        };
        let sources = database["data_sources"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let [only] = sources else {
            let names = sources.iter().map(|source| {
                let name = short_of(&source["name"]);
                format!("{} ({})", short_of(&source["id"]), quoted(&name))
            });
            return Err(NotionError::WhichSource(
                names.collect::<Vec<_>>().join(", "),
            ));
        };
        let only = only["id"]
            .as_str()
            .and_then(Id::parse)
            .ok_or(NotionError::Unreadable)?;
        let found = self.fetch(&Node::DataSource(only.clone()), until).await?;
        Ok((only, found))
    }

    /// What a data source is: its title and its properties.
    pub async fn get_data_source(&self, id: &str, until: Until) -> Result<DataSource, NotionError> {
        let (id, found) = self.source("data_source_id", id, until).await?;
        let mut room = self.answer_bytes;
        let all = found["properties"]
            .as_object()
            .ok_or(NotionError::Unreadable)?;
        let mut properties = Vec::new();
        for (name, property) in all {
            let property = described(name, property);
            let size = serde_json::to_vec(&property).map_or(0, |json| json.len());
            if size > room {
                break;
            }
            room -= size;
            properties.push(property);
        }
        Ok(DataSource {
            id: id.to_string(),
            title: short(&rich::read_plain(&found["title"])),
            truncated: properties.len() < all.len(),
            properties,
        })
    }

    /// A page of a data source's pages.
    pub async fn query(
        &self,
        id: &str,
        filter: Option<&Map<String, Value>>,
        sorts: Option<&[Map<String, Value>]>,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Rows, NotionError> {
        let filter = filter
            .filter(|filter| !filter.is_empty())
            .map(|filter| json!(filter));
        let sorts = sorts
            .filter(|sorts| !sorts.is_empty())
            .map(|sorts| json!(sorts));
        let [filter_text, sorts_text] =
            [("filter", &filter), ("sorts", &sorts)].map(|(name, value)| {
                let text = value.as_ref().map(ToString::to_string).unwrap_or_default();
                if text.len() > LARGEST_FILTER {
                    Err(NotionError::TooLarge(name, LARGEST_FILTER))
                } else {
                    Ok(text)
                }
            });
        let given = Id::of("data_source_id", id)?;
        let parts = [
            given.as_str(),
            &filter_text?,
            &sorts_text?,
            &limit.to_string(),
        ];
        let calls = CursorKey::new("query", &parts);
        let position = Position::decode(calls, cursor)?;
        let (id, _) = self.source("data_source_id", id, until).await?;
        let mut question = json!({ "page_size": limit });
        for (name, value) in [("filter", filter), ("sorts", sorts)] {
            if let Some(value) = value {
                question[name] = value;
            }
        }
        if !position.page.is_empty() {
            question["start_cursor"] = position.page.as_str().into();
        }
        let ask = Ask::question(format!("data_sources/{id}/query"), question);
        let (results, next) = list(self.api.ask(ask, until).await?)?;
        let pages = results.iter().filter(|result| result["object"] == "page");
        let rows = pages
            .map(|page| Row {
                id: short_of(&page["id"]),
                title: values::title(&page["properties"]),
                properties: values::read_all(&page["properties"]),
            })
            .collect();
        let (rows, next) = fit(rows, &position, next, self.answer_bytes);
        Ok(Rows {
            data_source_id: id.to_string(),
            rows,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(calls)),
        })
    }
}

/// Whether an id was not of what it was taken for: it may be of something else.
pub(crate) const fn is_something_else(error: &NotionError) -> bool {
    matches!(
        error,
        NotionError::NotFound(_) | NotionError::Refused(Refusal::NotFound | Refusal::Invalid(_))
    )
}

fn described(name: &str, property: &Value) -> Property {
    let kind = property["type"].as_str().unwrap_or_default();
    let options = property[kind]["options"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    Property {
        name: short(name),
        r#type: short(kind),
        options: options
            .iter()
            .take(MOST_OPTIONS)
            .map(|option| short_of(&option["name"]))
            .collect(),
    }
}
