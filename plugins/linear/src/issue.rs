//! One issue with its description and comments, and what is checked before one is touched.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::{CursorKey, visible_up_to};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Until;
use crate::documents::{ISSUE, ISSUE_TEAM};
use crate::error::LinearError;
use crate::issues::{Issue, Raw};
use crate::linear::{Connection, Linear, Name, after, is_id, short};
use crate::refusal::Refusal;
use crate::teams::TeamOf;

/// The longest description and the longest comment that are shown, in bytes.
const LONGEST_DESCRIPTION: usize = 32 << 10;
const LONGEST_COMMENT: usize = 8 << 10;

/// A comment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What they wrote, in Markdown.
    pub body: String,
    /// The text is longer than shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// When.
    pub created_at: String,
}

/// An issue with its text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WholeIssue {
    /// The issue.
    pub issue: Issue,
    /// What it is about, in Markdown; only on the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The description is longer than shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub description_cut: bool,
    /// Who created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// A page of its comments.
    pub comments: Vec<Comment>,
    /// Whether there are more comments.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    issue: Option<RawWhole>,
}

#[derive(Debug, Deserialize)]
struct RawWhole {
    #[serde(flatten)]
    issue: Raw,
    description: Option<String>,
    creator: Option<Name>,
    comments: Connection<RawComment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawComment {
    id: String,
    body: String,
    created_at: String,
    user: Option<Name>,
}

#[derive(Debug, Deserialize)]
struct TeamAnswer {
    issue: Option<Known>,
}

/// An issue that may be used.
#[derive(Debug, Deserialize)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) identifier: String,
    pub(crate) team: TeamOf,
}

impl Linear {
    /// An issue with a page of its comments.
    pub async fn get_issue(
        &self,
        issue: &str,
        comments: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<WholeIssue, LinearError> {
        let wanted = reference(issue)?;
        let list = CursorKey::new("issue", &[&wanted, &comments.to_string()]);
        let position = Position::decode(list, cursor)?;
        let variables = json!({ "id": wanted, "first": comments, "after": after(&position) });
        let answer = self.run::<Answer>(ISSUE, &variables, until).await;
        let found = found(answer.map(|answer| answer.issue), issue)?;
        if !self.may_use(&found.issue.team, until).await? {
            return Err(LinearError::NoIssue(issue.to_owned()));
        }
        let is_first = cursor.is_none_or(str::is_empty);
        let description = found
            .description
            .filter(|text| is_first && !text.is_empty());
        let description = description.map(|text| visible_up_to(&text, LONGEST_DESCRIPTION));
        let used = description.as_ref().map_or(0, |(text, _)| text.len());
        let texts = found
            .comments
            .nodes
            .into_iter()
            .map(RawComment::compact)
            .collect();
        let next = found.comments.page_info.next();
        let room = self.answer_bytes.saturating_sub(used);
        let (comments, next) = fit(texts, &position, next, room);
        Ok(WholeIssue {
            issue: found.issue.compact(),
            description_cut: description.as_ref().is_some_and(|(_, cut)| *cut),
            description: description.map(|(text, _)| text),
            creator: found.creator.map(Name::plain),
            comments,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }

    /// Finds an issue that is to be changed, and refuses one of a team that may not be used: as if it did
    /// not exist.
    pub(crate) async fn known(&self, issue: &str, until: Until) -> Result<Known, LinearError> {
        let variables = json!({ "id": reference(issue)? });
        let answer = self.run::<TeamAnswer>(ISSUE_TEAM, &variables, until).await;
        let known = found(answer.map(|answer| answer.issue), issue)?;
        if self.may_use(&known.team, until).await? {
            Ok(known)
        } else {
            Err(LinearError::NoIssue(issue.to_owned()))
        }
    }
}

impl RawComment {
    fn compact(self) -> Comment {
        let (body, cut) = visible_up_to(&self.body, LONGEST_COMMENT);
        Comment {
            id: self.id,
            author: self.user.map(Name::plain),
            body,
            cut,
            created_at: short(&self.created_at),
        }
    }
}

/// Linear says in two ways that something is not there; both sound as for one that may not be seen.
fn found<T>(answer: Result<Option<T>, LinearError>, issue: &str) -> Result<T, LinearError> {
    match answer {
        Ok(Some(found)) => Ok(found),
        Ok(None) | Err(LinearError::Refused(Refusal::NotFound)) => {
            Err(LinearError::NoIssue(issue.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// An identifier or an id, as it is sent.
fn reference(text: &str) -> Result<String, LinearError> {
    let text = text.trim();
    let is_identifier = text.split_once('-').is_some_and(|(team, number)| {
        (1..=10).contains(&team.len())
            && team.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (1..=9).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_identifier {
        Ok(text.to_ascii_uppercase())
    } else if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err(LinearError::NotIssue(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn an_issue_is_named_by_identifier_or_id() {
        assert_eq!(reference(" eng-12 ").expect("one"), "ENG-12");
        let id = "9cfb482a-81e3-4154-b5b9-2c805e70a02d";
        assert_eq!(reference(id).expect("one"), id);
        for bad in [
            "",
            "ENG",
            "ENG-",
            "-1",
            "ENG-1a",
            "ENG-1 OR 1",
            "https://linear.app/x/issue/ENG-1",
        ] {
            assert!(reference(bad).is_err(), "{bad}");
        }
    }
}
