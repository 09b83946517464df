//! What is written to Slack: messages, replies and reactions.

use mcp_factory_sdk::visible_up_to;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::Method;
use crate::error::SlackError;
use crate::mrkdwn::outgoing;
use crate::slack::{Slack, Until, check_timestamp};

const POST: Method = Method::writes("chat.postMessage");
const REACT: Method = Method::writes("reactions.add");

/// A message that was posted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Posted {
    /// The channel.
    pub channel_id: String,
    /// Its id in the channel: what a reply takes as `thread_ts`, a reaction as `timestamp`.
    pub ts: String,
}

/// A reaction that was added.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reacted {
    /// The message.
    pub timestamp: String,
    /// The emoji.
    pub reaction: String,
    /// The bot had given it before; nothing was changed.
    pub already: bool,
}

#[derive(Debug, Deserialize)]
struct Answer {
    ts: String,
}

impl Slack {
    /// Posts a message to a channel, or to a thread of it.
    pub async fn post(
        &self,
        channel: &str,
        thread: Option<&str>,
        text: &str,
        until: Until,
    ) -> Result<Posted, SlackError> {
        self.check_mode()?;
        if let Some(thread) = thread {
            check_timestamp("thread_ts", thread)?;
        }
        let text = outgoing(text, self.broadcasts)?;
        self.check_channel(channel, until).await?;
        let mut fields = vec![
            ("channel", channel),
            ("text", &text),
            // A preview is fetched from the address in the message: whatever stands in that address has
            // then left for its owner. Nothing turns previews on.
            ("unfurl_links", "false"),
            ("unfurl_media", "false"),
            // Only what is written as a mention is one.
            ("parse", "none"),
            ("link_names", "false"),
        ];
        fields.extend(thread.map(|thread| ("thread_ts", thread)));
        let answer: Answer = self.call(POST, &fields, until).await?;
        Ok(Posted {
            channel_id: channel.to_owned(),
            ts: visible_up_to(&answer.ts, 64).0,
        })
    }

    /// Adds a reaction to a message.
    pub async fn react(
        &self,
        channel: &str,
        timestamp: &str,
        reaction: &str,
        until: Until,
    ) -> Result<Reacted, SlackError> {
        self.check_mode()?;
        check_timestamp("timestamp", timestamp)?;
        let name = emoji(reaction)?;
        self.check_channel(channel, until).await?;
        let fields = [
            ("channel", channel),
            ("timestamp", timestamp),
            ("name", name),
        ];
        let already = match self.call::<Value>(REACT, &fields, until).await {
            Ok(_) => false,
            Err(SlackError::Refused(refusal)) if refusal.code() == "already_reacted" => true,
            Err(error) => return Err(error),
        };
        Ok(Reacted {
            timestamp: timestamp.to_owned(),
            reaction: name.to_owned(),
            already,
        })
    }
}

/// The name of an emoji, without the colons it is often written with.
fn emoji(text: &str) -> Result<&str, SlackError> {
    let name = text.strip_prefix(':').unwrap_or(text);
    let name = name.strip_suffix(':').unwrap_or(name);
    let is_one = (1..=100).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_lowercase() || c.is_ascii_digit() || "_-+':".contains(c));
    if is_one {
        Ok(name)
    } else {
        Err(SlackError::NotEmoji(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::emoji;

    #[test]
    fn an_emoji_may_come_with_colons() {
        for (text, name) in [
            ("thumbsup", "thumbsup"),
            (":+1:", "+1"),
            ("wave::skin-tone-3", "wave::skin-tone-3"),
        ] {
            assert_eq!(emoji(text).expect("it is one"), name);
        }
        for bad in ["", "::", "thumbs up", "Thumbsup", "👍", &"x".repeat(101)] {
            assert!(emoji(bad).is_err(), "{bad}");
        }
    }
}
