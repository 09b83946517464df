//! The people of the workspace.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::{CursorKey, visible_up_to};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Method;
use crate::config::is_user_id;
use crate::error::SlackError;
use crate::slack::{Metadata, Slack, Until};

const USERS: Method = Method::reads("users.list");
const PROFILE: Method = Method::reads("users.profile.get");

/// A person or a bot.
#[derive(Debug, Serialize, JsonSchema)]
pub struct User {
    /// Their id: `<@id>` in a message mentions them.
    pub id: String,
    /// Their short name.
    pub name: String,
    /// Their full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_name: Option<String>,
    /// What they like to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Not a person.
    pub bot: bool,
}

/// A page of users.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Users {
    /// The users; those who left are not among them.
    pub users: Vec<User>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What somebody says about themselves.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Profile {
    /// Whose.
    pub user_id: String,
    /// Their full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_name: Option<String>,
    /// What they like to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Their address, if the bot may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What they are doing now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    members: Vec<Member>,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Member {
    id: String,
    #[serde(default)]
    name: String,
    real_name: Option<String>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    profile: RawProfile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawProfile {
    real_name: Option<String>,
    display_name: Option<String>,
    title: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    status_text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    profile: RawProfile,
}

/// A short text that is there and not empty.
fn short(text: Option<String>) -> Option<String> {
    let (text, _) = visible_up_to(&text?, 300);
    (!text.is_empty()).then_some(text)
}

impl Slack {
    /// A page of the workspace's users.
    pub async fn users(
        &self,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Users, SlackError> {
        let limit = limit.to_string();
        let list = CursorKey::new("users", &[&limit]);
        let position = Position::decode(list, cursor)?;
        let mut fields = vec![("limit", limit.as_str())];
        if !position.page.is_empty() {
            fields.push(("cursor", &position.page));
        }
        let page: Page = self.call(USERS, &fields, until).await?;
        let present = page.members.into_iter().filter(|member| !member.deleted);
        let users = present
            .map(|member| User {
                id: visible_up_to(&member.id, 64).0,
                name: visible_up_to(&member.name, 200).0,
                real_name: short(member.real_name.or(member.profile.real_name)),
                display_name: short(member.profile.display_name),
                bot: member.is_bot,
            })
            .collect();
        let next = page.response_metadata.next_cursor;
        let (users, next) = fit(users, &position, next, self.answer_bytes);
        Ok(Users {
            users,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }

    /// Somebody's profile.
    pub async fn profile(&self, user: &str, until: Until) -> Result<Profile, SlackError> {
        if !is_user_id(user) {
            return Err(SlackError::NotUserId(user.to_owned()));
        }
        let Answer { profile } = self.call(PROFILE, &[("user", user)], until).await?;
        Ok(Profile {
            user_id: user.to_owned(),
            real_name: short(profile.real_name),
            display_name: short(profile.display_name),
            title: short(profile.title),
            email: short(profile.email),
            phone: short(profile.phone),
            status: short(profile.status_text),
        })
    }
}
