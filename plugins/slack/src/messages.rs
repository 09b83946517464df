//! Messages: what they look like, the history of a channel, and a thread.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::{CursorKey, visible_up_to};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Method;
use crate::error::SlackError;
use crate::mrkdwn::incoming;
use crate::slack::{Metadata, Slack, Until, check_timestamp};

const HISTORY: Method = Method::reads("conversations.history");
const REPLIES: Method = Method::reads("conversations.replies");
/// The longest text of one message in a list, in bytes.
const LONGEST: usize = 8 << 10;
/// The most files, and the most reactions, of one message that are shown.
const MOST_BESIDES: usize = 20;

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Message {
    /// When it was posted: its id in the channel.
    pub ts: String,
    /// The id of who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name a bot gave itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
    /// What its author wrote. `<@U…>` mentions a person.
    pub text: String,
    /// The text is longer than shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// The `ts` of the first message of its thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_ts: Option<String>,
    /// How many replies its thread has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies: Option<u64>,
    /// Emoji and how often each was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// Names of attached files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// A reaction to a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reaction {
    /// The emoji.
    pub name: String,
    /// How many gave it.
    pub count: u64,
}

/// A page of messages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Messages {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    messages: Vec<Raw>,
    #[serde(default)]
    response_metadata: Metadata,
}

/// A message as Slack describes it.
#[derive(Debug, Deserialize)]
struct Raw {
    #[serde(default)]
    ts: String,
    user: Option<String>,
    username: Option<String>,
    bot_id: Option<String>,
    text: Option<String>,
    thread_ts: Option<String>,
    reply_count: Option<u64>,
    #[serde(default)]
    reactions: Vec<RawReaction>,
    #[serde(default)]
    files: Vec<RawFile>,
}

#[derive(Debug, Deserialize)]
struct RawReaction {
    name: String,
    #[serde(default)]
    count: u64,
}

#[derive(Debug, Deserialize)]
struct RawFile {
    name: Option<String>,
    title: Option<String>,
}

impl Raw {
    fn compact(self) -> Message {
        let name = |text: String| visible_up_to(&text, 200).0;
        let (text, cut) = visible_up_to(&incoming(&self.text.unwrap_or_default()), LONGEST);
        Message {
            ts: name(self.ts),
            user: self.user.map(name),
            bot: self.username.or(self.bot_id).map(name),
            text,
            cut,
            thread_ts: self.thread_ts.map(name),
            replies: self.reply_count.filter(|count| *count > 0),
            reactions: (self.reactions.into_iter().take(MOST_BESIDES))
                .map(|RawReaction { name: emoji, count }| Reaction {
                    name: name(emoji),
                    count,
                })
                .collect(),
            files: (self.files.into_iter().take(MOST_BESIDES))
                .filter_map(|file| file.name.or(file.title))
                .map(name)
                .collect(),
        }
    }
}

impl Slack {
    /// A page of a channel's messages, newest first.
    pub async fn history(
        &self,
        channel: &str,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Messages, SlackError> {
        let list = CursorKey::new("history", &[channel, &limit.to_string()]);
        self.messages(HISTORY, channel, None, limit, (list, cursor), until)
            .await
    }

    /// A page of a thread's messages, oldest first, its first message included.
    pub async fn replies(
        &self,
        channel: &str,
        thread: &str,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Messages, SlackError> {
        check_timestamp("thread_ts", thread)?;
        let list = CursorKey::new("replies", &[channel, thread, &limit.to_string()]);
        self.messages(REPLIES, channel, Some(thread), limit, (list, cursor), until)
            .await
    }

    async fn messages(
        &self,
        method: Method,
        channel: &str,
        thread: Option<&str>,
        limit: u32,
        (list, cursor): (CursorKey, Option<&str>),
        until: Until,
    ) -> Result<Messages, SlackError> {
        let position = Position::decode(list, cursor)?;
        self.check_channel(channel, until).await?;
        let limit = limit.to_string();
        let mut fields = vec![("channel", channel), ("limit", &limit)];
        fields.extend(thread.map(|thread| ("ts", thread)));
        if !position.page.is_empty() {
            fields.push(("cursor", &position.page));
        }
        let page: Page = self.call(method, &fields, until).await?;
        let messages = page.messages.into_iter().map(Raw::compact).collect();
        let next = page.response_metadata.next_cursor;
        let (messages, next) = fit(messages, &position, next, self.answer_bytes);
        Ok(Messages {
            messages,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }
}
