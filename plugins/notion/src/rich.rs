//! Rich text: read as Markdown, written from it.

use mcp_factory_sdk::visible;
use serde_json::{Value, json};

/// The most characters of one piece of text, and the most pieces in one place, as Notion takes them.
const LONGEST_PIECE: usize = 2000;
const MOST_PIECES: usize = 100;

/// An array of rich text as Markdown.
pub(crate) fn read(pieces: &Value) -> String {
    let pieces = pieces.as_array().map(Vec::as_slice).unwrap_or_default();
    pieces.iter().map(piece).collect()
}

/// The same without any marks.
pub(crate) fn read_plain(pieces: &Value) -> String {
    let pieces = pieces.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = pieces
        .iter()
        .filter_map(|piece| piece["plain_text"].as_str());
    visible(&texts.collect::<String>())
}

fn piece(piece: &Value) -> String {
    let text = visible(piece["plain_text"].as_str().unwrap_or_default());
    let marks = &piece["annotations"];
    // Marks around nothing but space would not be read as marks.
    if text.trim().is_empty() {
        return text;
    }
    let mut text = text;
    for (mark, sign) in [
        ("code", "`"),
        ("bold", "**"),
        ("italic", "*"),
        ("strikethrough", "~~"),
    ] {
        if marks[mark] == true {
            text = format!("{sign}{text}{sign}");
        }
    }
    match piece["href"].as_str().map(visible) {
        Some(href) if !href.is_empty() => format!("[{text}]({href})"),
        _ => text,
    }
}

/// Text with `code`, **bold**, *italic*, ~~struck~~ and [links](https://…) as rich text. `None` when it has
/// more pieces than Notion takes in one place.
pub(crate) fn write(text: &str) -> Option<Value> {
    let mut pieces = Vec::new();
    let mut bare = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((inside, mark, length)) = marked(rest) {
            flush(&mut bare, &mut pieces);
            pieces.extend(text_pieces(inside, &mark));
            rest = &rest[length..];
        } else {
            bare.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    flush(&mut bare, &mut pieces);
    (pieces.len() <= MOST_PIECES).then_some(Value::Array(pieces))
}

/// How a piece of text looks.
enum Mark<'a> {
    None,
    Style(&'static str),
    Link(&'a str),
}

/// What is marked at the beginning of the text: what is inside, how, and how long it is with its signs.
fn marked(text: &str) -> Option<(&str, Mark<'_>, usize)> {
    for (sign, style) in [
        ("`", "code"),
        ("**", "bold"),
        ("~~", "strikethrough"),
        ("*", "italic"),
    ] {
        if let Some(after) = text.strip_prefix(sign) {
            let end = after.find(sign)?;
            let inside = &after[..end];
            let is_marked = !inside.is_empty()
                && !inside.starts_with(char::is_whitespace)
                && !inside.ends_with(char::is_whitespace)
                && !inside.contains('\n');
            return is_marked.then_some((inside, Mark::Style(style), end + 2 * sign.len()));
        }
    }
    let after = text.strip_prefix('[')?;
    let (inside, after) = after.split_once("](")?;
    let (url, _) = after.split_once(')')?;
    let is_link = !inside.is_empty()
        && !inside.contains(['[', '\n'])
        && (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= LONGEST_PIECE
        && !url.contains(char::is_whitespace);
    is_link.then_some((inside, Mark::Link(url), inside.len() + url.len() + 4))
}

fn flush(bare: &mut String, pieces: &mut Vec<Value>) {
    pieces.extend(text_pieces(bare, &Mark::None));
    bare.clear();
}

fn text_pieces(text: &str, mark: &Mark<'_>) -> Vec<Value> {
    let characters: Vec<char> = text.chars().collect();
    let piece = |part: &[char]| {
        let mut piece =
            json!({ "type": "text", "text": { "content": part.iter().collect::<String>() } });
        match mark {
            Mark::None => {}
            Mark::Style(style) => piece["annotations"] = json!({ *style: true }),
            Mark::Link(url) => piece["text"]["link"] = json!({ "url": url }),
        }
        piece
    };
    characters.chunks(LONGEST_PIECE).map(piece).collect()
}

/// Text as it is, without looking for marks.
pub(crate) fn write_plain(text: &str) -> Option<Value> {
    let pieces = text_pieces(text, &Mark::None);
    (pieces.len() <= MOST_PIECES).then_some(Value::Array(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read() {
        let rich = json!([
            { "plain_text": "a\u{200b} ", "annotations": {} },
            { "plain_text": "b", "annotations": { "bold": true } },
            { "plain_text": " ", "annotations": { "italic": true } },
            { "plain_text": "c", "annotations": { "code": true }, "href": "https://x.example/\u{202e}" },
        ]);
        assert_eq!(read(&rich), "a **b** [`c`](https://x.example/)");
        assert_eq!(read_plain(&rich), "a b c");
        assert_eq!(read(&Value::Null), "");
    }

    #[test]
    fn marks_are_written() {
        let pieces =
            write("a **b** `c*d` ~~e~~ *f* [g](https://x.example) 2 * 3 * 4 ** [h](javascript:x)");
        let pieces = pieces.expect("few enough");
        let seen: Vec<(String, String)> = pieces
            .as_array()
            .expect("a list")
            .iter()
            .map(|piece| {
                let style = piece["annotations"]
                    .as_object()
                    .and_then(|all| all.keys().next().cloned());
                let link = piece["text"]["link"]["url"].as_str().map(str::to_owned);
                let text = piece["text"]["content"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                (text, style.or(link).unwrap_or_default())
            })
            .collect();
        let expected = [
            ("a ", ""),
            ("b", "bold"),
            (" ", ""),
            ("c*d", "code"),
            (" ", ""),
            ("e", "strikethrough"),
            (" ", ""),
            ("f", "italic"),
            (" ", ""),
            ("g", "https://x.example"),
            (" 2 * 3 * 4 ** [h](javascript:x)", ""),
        ];
        let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn long_text_is_cut_into_pieces_that_notion_takes() {
        let pieces = write(&"é".repeat(4_500)).expect("few enough");
        let lengths: Vec<usize> = (pieces.as_array().expect("a list").iter())
            .map(|piece| {
                piece["text"]["content"]
                    .as_str()
                    .expect("a text")
                    .chars()
                    .count()
            })
            .collect();
        assert_eq!(lengths, [2000, 2000, 500]);
        assert!(write(&"`a`b".repeat(51)).is_none());
        assert!(write_plain(&"x".repeat(200_001)).is_none());
    }
}
