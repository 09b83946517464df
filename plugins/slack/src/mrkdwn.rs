//! Slack's way of writing text: what goes out is escaped and calls nobody together, what comes in is read.

use mcp_factory_sdk::visible;

use crate::config::{is_channel_id, is_user_id};
use crate::error::SlackError;

/// The words after an `@` that notify everybody.
const EVERYBODY: [&str; 4] = ["channel", "everyone", "here", "group"];

/// The text as Slack wants it. `&`, `<` and `>` are escaped, but for a mention of one person (`<@U…>`) or
/// of a channel (`<#C…>`). What notifies everybody is refused, or let through when `broadcasts` may be.
pub(crate) fn outgoing(text: &str, broadcasts: bool) -> Result<String, SlackError> {
    let text = visible(text);
    if text.trim().is_empty() {
        return Err(SlackError::EmptyText);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut before = None;
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '<' => match token(rest) {
                Some(Token::Mention(length)) => {
                    escaped.push_str(&rest[..length]);
                    taken = length;
                }
                Some(Token::Everybody(length)) => {
                    if !broadcasts {
                        let what = rest[..length].to_owned();
                        return Err(SlackError::Broadcast { what });
                    }
                    escaped.push_str(&rest[..length]);
                    taken = length;
                }
                None => escaped.push_str("&lt;"),
            },
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' | '＠' if !broadcasts && !before.is_some_and(char::is_alphanumeric) => {
                if let Some(word) = everybody(&rest[taken..]) {
                    let what = format!("@{word}");
                    return Err(SlackError::Broadcast { what });
                }
                escaped.push(c);
            }
            c => escaped.push(c),
        }
        before = Some(c);
        rest = &rest[taken..];
    }
    Ok(escaped)
}

/// What stands in angle brackets and is more than text, with its length.
enum Token {
    Mention(usize),
    Everybody(usize),
}

fn token(text: &str) -> Option<Token> {
    let end = text.find('>')?;
    let inside = text.get(1..end)?;
    let length = end + 1;
    if let Some(special) = inside.strip_prefix('!') {
        let name = special.split(['|', '^']).next().unwrap_or_default();
        let name = name.trim().to_lowercase();
        // A user group is a crowd too. A date is a text, and comes out escaped.
        let is_crowd = EVERYBODY.contains(&name.as_str()) || name == "subteam";
        return is_crowd.then_some(Token::Everybody(length));
    }
    let is_mention = inside.strip_prefix('@').is_some_and(is_user_id)
        || inside.strip_prefix('#').is_some_and(is_channel_id);
    is_mention.then_some(Token::Mention(length))
}

/// The word for everybody that `text` begins with, if that is where the word ends.
fn everybody(text: &str) -> Option<&'static str> {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .unwrap_or(text.len());
    let word = text[..end].to_lowercase();
    EVERYBODY.into_iter().find(|known| *known == word)
}

/// A text of Slack's as people see it, but for mentions and links, which stay as Slack writes them. An
/// escaped bracket that would look like a mention stays escaped: nobody is mentioned who was not.
pub(crate) fn incoming(text: &str) -> String {
    let text = visible(text);
    let mut read = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('&') {
        read.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        let entity = known.iter().find(|(entity, _)| rest.starts_with(entity));
        match entity {
            Some((entity, '<')) if rest[entity.len()..].starts_with(['@', '#', '!']) => {
                read.push_str(entity);
                rest = &rest[entity.len()..];
            }
            Some((entity, c)) => {
                read.push(*c);
                rest = &rest[entity.len()..];
            }
            None => {
                read.push('&');
                rest = &rest[1..];
            }
        }
    }
    read.push_str(rest);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> String {
        outgoing(text, false).expect("it may be sent")
    }

    #[test]
    fn text_is_escaped_and_mentions_of_one_stay() {
        for (text, escaped) in [
            ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
            ("&lt;", "&amp;lt;"),
            (
                "hello <@U0123ABCD> and <#C0123ABCD>!",
                "hello <@U0123ABCD> and <#C0123ABCD>!",
            ),
            ("<@U0123ABCD|name>", "&lt;@U0123ABCD|name&gt;"),
            ("<@u0123>", "&lt;@u0123&gt;"),
            (
                "<https://evil.example|your bank>",
                "&lt;https://evil.example|your bank&gt;",
            ),
            (
                "<!date^1392734382^{date}|x>",
                "&lt;!date^1392734382^{date}|x&gt;",
            ),
            ("a\u{200b}b\u{e0041}", "ab"),
            ("größe <", "größe &lt;"),
        ] {
            assert_eq!(sent(text), escaped);
        }
    }

    #[test]
    fn nothing_that_notifies_everybody_gets_out() {
        for text in [
            "<!channel>",
            "<!here> hi",
            "<!everyone>",
            "<!group>",
            "<!HERE>",
            "<!here|here>",
            "<!channel|anything>",
            "<!subteam^S012345>",
            "<!subteam^S012345|@devs>",
            "<! channel >",
            "@channel",
            "hey @here!",
            "@Everyone",
            "(@channel)",
            "＠channel",
            "@chan\u{200b}nel",
            "<!\u{2060}here>",
            "x <@U0123ABCD> @here",
        ] {
            let error = outgoing(text, false).expect_err(text);
            assert!(
                matches!(error, SlackError::Broadcast { .. }),
                "{text}: {error}"
            );
        }
        for text in [
            "me@here.example",
            "@channels",
            "@here-be-dragons",
            "@channel_x",
            "the channel",
        ] {
            assert_eq!(sent(text), text);
        }
    }

    #[test]
    fn broadcasts_pass_when_they_may() {
        assert_eq!(
            outgoing("<!here> a<b @channel", true).expect("allowed"),
            "<!here> a&lt;b @channel"
        );
    }

    #[test]
    fn an_empty_text_is_no_message() {
        for text in ["", " \n", "\u{200b}\u{e0041}"] {
            assert!(matches!(outgoing(text, false), Err(SlackError::EmptyText)));
        }
    }

    #[test]
    fn what_comes_in_is_read_and_mentions_nobody_anew() {
        assert_eq!(
            incoming("a &lt; b &amp;amp; c &gt; &d &"),
            "a < b &amp; c > &d &"
        );
        assert_eq!(
            incoming("<@U0123ABCD> &lt;@U0123ABCD&gt;"),
            "<@U0123ABCD> &lt;@U0123ABCD>"
        );
        assert_eq!(incoming("&lt;!channel&gt;"), "&lt;!channel>");
        assert_eq!(incoming("a\u{202e}b\u{e0062}"), "ab");
    }
}
