//! The channels: which may be used, and what they are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::{CursorKey, visible_up_to};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Method;
use crate::config::is_channel_id;
use crate::error::SlackError;
use crate::slack::{Metadata, Slack, Until};

const INFO: Method = Method::reads("conversations.info");
const LIST: Method = Method::reads("conversations.list");
/// How many channels that the operator listed are looked up for one page: each is a request.
const LOOKED_UP: usize = 20;
/// How long, and for how many channels, it is remembered whether one is public.
const REMEMBERED: Duration = Duration::from_mins(2);
const MOST_REMEMBERED: usize = 1024;
/// The longest topic or purpose, in bytes.
const LONGEST: usize = 500;

/// A channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Channel {
    /// Its id: what the other tools take as `channel_id`.
    pub id: String,
    /// Its name, without the `#`.
    pub name: String,
    /// What it is about now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// How many people are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u64>,
    /// Only its members see it.
    pub private: bool,
    /// Whether the bot is a member, which it must be to post.
    pub joined: bool,
}

/// A page of channels.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Channels {
    /// The channels.
    pub channels: Vec<Channel>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A conversation as Slack describes it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are Slack's")]
struct Conversation {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    is_private: bool,
    #[serde(default)]
    is_im: bool,
    #[serde(default)]
    is_mpim: bool,
    #[serde(default)]
    is_group: bool,
    #[serde(default)]
    is_archived: bool,
    #[serde(default)]
    is_member: bool,
    #[serde(default)]
    num_members: Option<u64>,
    #[serde(default)]
    topic: Option<Words>,
    #[serde(default)]
    purpose: Option<Words>,
}

#[derive(Debug, Deserialize)]
struct Words {
    #[serde(default)]
    value: String,
}

impl Conversation {
    const fn is_public(&self) -> bool {
        !(self.is_private || self.is_im || self.is_mpim || self.is_group)
    }

    fn compact(self) -> Channel {
        let words = |words: Option<Words>| {
            let (text, _) = visible_up_to(&words?.value, LONGEST);
            (!text.is_empty()).then_some(text)
        };
        Channel {
            private: !self.is_public(),
            name: visible_up_to(&self.name.unwrap_or_default(), 200).0,
            id: self.id,
            topic: words(self.topic),
            purpose: words(self.purpose),
            members: self.num_members,
            joined: self.is_member,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Info {
    channel: Conversation,
}

#[derive(Debug, Deserialize)]
struct Page {
    channels: Vec<Conversation>,
    #[serde(default)]
    response_metadata: Metadata,
}

/// Which channels were found to be public, and when.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<HashMap<String, (bool, Instant)>>);

impl Remembered {
    fn get(&self, id: &str) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (public, since) = known.get(id)?;
        (since.elapsed() < REMEMBERED).then_some(*public)
    }

    fn set(&self, id: &str, public: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED && !known.contains_key(id) {
            known.clear();
        }
        known.insert(id.to_owned(), (public, Instant::now()));
    }

    /// How many are remembered.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Slack {
    /// Refuses a channel that may not be used, before anything else is asked of it.
    pub(crate) async fn check_channel(&self, id: &str, until: Until) -> Result<(), SlackError> {
        if !is_channel_id(id) {
            return Err(SlackError::NotChannelId(id.to_owned()));
        }
        if self.listed.ids.contains(id) {
            return Ok(());
        }
        if !self.listed.public {
            return Err(SlackError::NotListed(id.to_owned()));
        }
        let public = match self.remembered.get(id) {
            Some(public) => public,
            None => self.info(id, until).await?.is_public(),
        };
        if public {
            Ok(())
        } else {
            Err(SlackError::NotPublic(id.to_owned()))
        }
    }

    /// A page of the channels that may be used.
    pub async fn list_channels(
        &self,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Channels, SlackError> {
        let list = CursorKey::new("channels", &[&limit.to_string()]);
        let position = Position::decode(list, cursor)?;
        let (found, next) = match position.page.strip_prefix(LISTED) {
            Some(from) => self.listed_page(from, limit, until).await?,
            None if !self.listed.public => self.listed_page("", limit, until).await?,
            None => self.public_page(&position, limit, until).await?,
        };
        let channels = found.into_iter().map(Conversation::compact).collect();
        let (channels, next) = fit(channels, &position, next, self.answer_bytes);
        Ok(Channels {
            channels,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }

    /// Of the channels that the operator listed by their ids, those from `from` on. The cursor's page is
    /// [`LISTED`] and the id that comes next.
    async fn listed_page(&self, from: &str, limit: u32, until: Until) -> PageResult {
        let mut found = Vec::new();
        let mut ids = self.listed.ids.range(from.to_owned()..);
        let most = LOOKED_UP.min(limit as usize);
        for id in ids.by_ref().take(most) {
            match self.info(id, until).await {
                Ok(conversation) if conversation.is_archived => {}
                Ok(conversation) => found.push(conversation),
                // One that is gone does not spoil the others.
                Err(SlackError::Refused(refusal)) if refusal.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok((found, ids.next().map(|id| format!("{LISTED}{id}"))))
    }

    /// A page of all public channels; after the last one come those that the operator listed besides.
    async fn public_page(&self, position: &Position, limit: u32, until: Until) -> PageResult {
        let limit = limit.to_string();
        let mut fields = vec![
            ("types", "public_channel"),
            ("exclude_archived", "true"),
            ("limit", &limit),
        ];
        if !position.page.is_empty() {
            fields.push(("cursor", &position.page));
        }
        let mut page: Page = self.call(LIST, &fields, until).await?;
        // What was asked for is not taken on trust.
        page.channels.retain(Conversation::is_public);
        // Those come at the end, once.
        page.channels
            .retain(|channel| !self.listed.ids.contains(&channel.id));
        for channel in &page.channels {
            self.remembered.set(&channel.id, true);
        }
        let next = page
            .response_metadata
            .next_cursor
            .filter(|next| !next.is_empty());
        let besides = || self.listed.ids.first().map(|id| format!("{LISTED}{id}"));
        Ok((page.channels, next.or_else(besides)))
    }

    async fn info(&self, id: &str, until: Until) -> Result<Conversation, SlackError> {
        let fields = [("channel", id), ("include_num_members", "true")];
        let info: Info = self.call(INFO, &fields, until).await?;
        if info.channel.id != id {
            return Err(SlackError::Unreadable);
        }
        self.remembered.set(id, info.channel.is_public());
        Ok(info.channel)
    }
}

/// What begins a cursor into the operator's list; no cursor of Slack's has a space in it.
const LISTED: &str = " ";

type PageResult = Result<(Vec<Conversation>, Option<String>), SlackError>;
