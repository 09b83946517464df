//! What Slack's short words for a refusal mean, and what to do about each.

use std::fmt;

/// A refusal by Slack: the `error` of an answer with `ok: false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: String,
    needed: Option<String>,
}

impl Refusal {
    /// Of Slack's word, and of the scopes it says are missing. Both come from outside: only letters, digits
    /// and a few signs of them are kept.
    pub(crate) fn new(code: &str, needed: Option<&str>) -> Self {
        Self {
            code: word(code),
            needed: needed.map(word).filter(|needed| !needed.is_empty()),
        }
    }

    /// Slack's word.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether what was named does not exist, or not for the bot.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(
            self.code.as_str(),
            "channel_not_found"
                | "message_not_found"
                | "thread_not_found"
                | "user_not_found"
                | "users_not_found"
        )
    }

    /// Whether the token itself is refused, which nobody but the operator can mend.
    pub(crate) fn is_of_the_token(&self) -> bool {
        matches!(
            self.code.as_str(),
            "invalid_auth"
                | "not_authed"
                | "token_revoked"
                | "token_expired"
                | "account_inactive"
                | "not_allowed_token_type"
        )
    }
}

fn word(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_:.,-".contains(*c))
        .take(120)
        .collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self.code.as_str() {
            "channel_not_found" => {
                "there is no such channel, or the bot cannot see it; slack_list_channels shows those it can see"
            }
            "not_in_channel" => {
                "the bot is not a member of this channel; ask the user to invite it there"
            }
            "is_archived" => {
                "the channel is archived, so nothing can be added to it; use another one"
            }
            "message_not_found" => {
                "there is no message with this timestamp in the channel; slack_get_channel_history shows their `ts`"
            }
            "thread_not_found" => {
                "there is no thread with this timestamp in the channel; use the `ts` of its first message"
            }
            "user_not_found" | "users_not_found" => {
                "there is no such user, or the bot cannot see them; slack_get_users shows those it can see"
            }
            "user_not_visible" => "the bot may not see this user; ask the user for what you need",
            "invalid_name" | "no_reaction" => {
                "there is no emoji of this name in the workspace; use another one, such as thumbsup"
            }
            "too_many_reactions" | "too_many_emoji" => {
                "the message has as many reactions as Slack allows; reply in its thread instead"
            }
            "no_text" => "the text is empty; write a message",
            "msg_too_long" => "the text is too long for Slack; shorten it, or post it in parts",
            "restricted_action"
            | "restricted_action_read_only_channel"
            | "restricted_action_thread_only_channel"
            | "restricted_action_non_threadable_channel"
            | "restricted_action_thread_locked"
            | "cannot_reply_to_message" => {
                "the workspace's settings do not let the bot post there; use another channel, or ask an administrator of the workspace"
            }
            "ekm_access_denied" | "team_access_not_granted" | "access_denied" | "no_permission" => {
                "the workspace does not let the bot do this; ask an administrator of the workspace"
            }
            "invalid_cursor" => {
                "Slack no longer knows this place in the list; leave `cursor` out to begin anew"
            }
            "method_not_supported_for_channel_type" => {
                "Slack cannot do this in a channel of this kind; use another one"
            }
            "missing_scope" => {
                return match &self.needed {
                    Some(needed) => write!(
                        f,
                        "the bot's token lacks the scope {needed}; ask the server's operator to add it to the Slack app and install it again"
                    ),
                    None => f.write_str(
                        "the bot's token lacks a scope for this; ask the server's operator to look at the Slack app's scopes",
                    ),
                };
            }
            _ if self.is_of_the_token() => {
                "Slack does not accept the server's token; only the server's operator can mend that"
            }
            "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
                "Slack has a problem of its own; try again in a minute"
            }
            "" => "Slack refused this without saying why; try again, or tell the server's operator",
            code => {
                return write!(
                    f,
                    "Slack refused this: `{code}`; change what you asked for, or tell the server's operator"
                );
            }
        };
        f.write_str(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    fn sentence(code: &str) -> String {
        Refusal::new(code, None).to_string()
    }

    #[test]
    fn every_word_becomes_a_sentence_that_says_what_to_do() {
        for (code, words) in [
            ("channel_not_found", "slack_list_channels shows"),
            ("not_in_channel", "invite it"),
            ("is_archived", "archived"),
            ("message_not_found", "slack_get_channel_history"),
            ("thread_not_found", "its first message"),
            ("user_not_found", "slack_get_users"),
            ("user_not_visible", "ask the user"),
            ("invalid_name", "no emoji"),
            ("too_many_reactions", "reply in its thread"),
            ("no_text", "write a message"),
            ("msg_too_long", "in parts"),
            ("restricted_action_read_only_channel", "another channel"),
            ("ekm_access_denied", "administrator"),
            ("invalid_cursor", "begin anew"),
            ("method_not_supported_for_channel_type", "of this kind"),
            ("invalid_auth", "does not accept the server's token"),
            ("token_revoked", "does not accept the server's token"),
            ("fatal_error", "problem of its own"),
            ("", "without saying why"),
            ("brand_new_code", "`brand_new_code`"),
        ] {
            assert!(sentence(code).contains(words), "{code}: {}", sentence(code));
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let refusal = Refusal::new("missing_scope", Some("channels:history,groups:history"));
        assert!(
            refusal
                .to_string()
                .contains("the scope channels:history,groups:history;")
        );
        assert!(sentence("missing_scope").contains("lacks a scope"));
    }

    #[test]
    fn what_comes_from_outside_is_only_a_word() {
        let text = Refusal::new("bad\n<b>code</b> `x`", Some("a b\u{202e}")).to_string();
        assert!(text.contains("`badbcodebx`"), "{text}");
        assert!(sentence(&"x".repeat(500)).len() < 250);
    }
}
