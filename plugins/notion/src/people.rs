//! The people of the workspace.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::{Ask, Until};
use crate::error::NotionError;
use crate::notion::{Notion, list, short_of};

/// A person or a bot.
#[derive(Debug, Serialize, JsonSchema)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their address, if the connection may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Not a person.
    pub bot: bool,
}

/// A page of users.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Users {
    /// The users.
    pub users: Vec<User>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

fn user(user: &Value) -> User {
    let email = short_of(&user["person"]["email"]);
    User {
        id: short_of(&user["id"]),
        name: short_of(&user["name"]),
        email: (!email.is_empty()).then_some(email),
        bot: user["type"] == "bot",
    }
}

impl Notion {
    /// A page of the workspace's users.
    pub async fn list_users(
        &self,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Users, NotionError> {
        let limit = limit.to_string();
        let calls = CursorKey::new("users", &[&limit]);
        let position = Position::decode(calls, cursor)?;
        let mut ask = Ask::get("users".to_owned()).with("page_size", &limit);
        if !position.page.is_empty() {
            ask = ask.with("start_cursor", &position.page);
        }
        let (users, next) = list(self.api.ask(ask, until).await?)?;
        let users = users.iter().map(user).collect();
        let (users, next) = fit(users, &position, next, self.answer_bytes);
        Ok(Users {
            users,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(calls)),
        })
    }
}
