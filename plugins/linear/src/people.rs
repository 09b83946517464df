//! The people of the workspace, and how one is named.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Until;
use crate::documents::{USERS, VIEWER};
use crate::error::LinearError;
use crate::linear::{Connection, Id, Linear, after, is_id, short, short_if_any};

/// A person or an app.
#[derive(Debug, Serialize, JsonSchema)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their full name.
    pub name: String,
    /// What they are called in the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Their address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
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

#[derive(Debug, Deserialize)]
struct Answer {
    users: Connection<Raw>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: String,
    name: String,
    display_name: Option<String>,
    email: Option<String>,
    #[serde(default = "yes")]
    active: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
struct Viewer {
    viewer: Id,
}

/// How somebody is named in an argument.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Person<'a> {
    /// Whoever the token belongs to.
    Me,
    /// No one.
    Nobody,
    /// The person with this id.
    Id(&'a str),
    /// The person with this address.
    Email(&'a str),
}

/// Reads how somebody is named. Names are not taken: two people may have one.
pub(crate) fn person(text: &str) -> Result<Person<'_>, LinearError> {
    match text.trim() {
        "me" => Ok(Person::Me),
        "none" => Ok(Person::Nobody),
        id if is_id(id) => Ok(Person::Id(id)),
        email if email.contains('@') && email.len() <= 320 && !email.contains(' ') => {
            Ok(Person::Email(email))
        }
        _ => Err(LinearError::NotPerson(text.to_owned())),
    }
}

impl Linear {
    /// A page of the workspace's users.
    pub async fn list_users(
        &self,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Users, LinearError> {
        let list = CursorKey::new("users", &[&limit.to_string()]);
        let position = Position::decode(list, cursor)?;
        let variables = json!({ "first": limit, "after": after(&position), "filter": null });
        let Answer { users } = self.run(USERS, &variables, until).await?;
        let next = users.page_info.next();
        let active = users.nodes.into_iter().filter(|user| user.active);
        let users = active
            .map(|user| User {
                id: user.id,
                name: short(&user.name),
                display_name: short_if_any(user.display_name),
                email: short_if_any(user.email),
            })
            .collect();
        let (users, next) = fit(users, &position, next, self.answer_bytes);
        Ok(Users {
            users,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }

    /// The id of somebody; `None` is nobody.
    pub(crate) async fn person_id(
        &self,
        text: &str,
        until: Until,
    ) -> Result<Option<String>, LinearError> {
        match person(text)? {
            Person::Nobody => Ok(None),
            Person::Id(id) => Ok(Some(id.to_owned())),
            Person::Me => {
                let Viewer { viewer } = self.run(VIEWER, &json!({}), until).await?;
                Ok(Some(viewer.id))
            }
            Person::Email(email) => {
                let filter = json!({ "email": { "eqIgnoreCase": email } });
                let variables = json!({ "first": 2, "after": null, "filter": filter });
                let Answer { users } = self.run(USERS, &variables, until).await?;
                let known = users.nodes.into_iter().find(|user| {
                    let theirs = user.email.as_deref();
                    theirs.is_some_and(|theirs| theirs.eq_ignore_ascii_case(email))
                });
                let nobody = || LinearError::NobodyWithEmail(email.to_owned());
                Ok(Some(known.ok_or_else(nobody)?.id))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_named_by_address_or_id() {
        let id = "9cfb482a-81e3-4154-b5b9-2c805e70a02d";
        for (text, expected) in [
            ("me", Person::Me),
            ("none", Person::Nobody),
            (id, Person::Id(id)),
            (" ada@example.com", Person::Email("ada@example.com")),
        ] {
            assert_eq!(person(text).expect("somebody"), expected);
        }
        for bad in [
            "",
            "Ada",
            "Ada Lovelace <ada@example.com>",
            &"@".repeat(400),
        ] {
            assert!(person(bad).is_err(), "{bad}");
        }
    }
}
