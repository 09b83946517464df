//! Markdown as blocks: headings, paragraphs, lists, things to do, quotes, code and dividers. Lists are not
//! nested; what is not known is a paragraph.

use mcp_factory_sdk::visible;
use serde_json::{Value, json};

use crate::error::NotionError;
use crate::rich;

/// The most blocks that Notion takes at once.
pub(crate) const MOST_BLOCKS: usize = 100;
/// Languages of code blocks that Notion knows by the names that people write.
const LANGUAGES: [&str; 30] = [
    "bash",
    "c",
    "c#",
    "c++",
    "css",
    "diff",
    "docker",
    "elixir",
    "go",
    "graphql",
    "haskell",
    "html",
    "java",
    "javascript",
    "json",
    "kotlin",
    "lua",
    "makefile",
    "markdown",
    "mermaid",
    "php",
    "python",
    "ruby",
    "rust",
    "scala",
    "shell",
    "sql",
    "swift",
    "typescript",
    "yaml",
];

/// The blocks of a text.
pub(crate) fn blocks(argument: &'static str, text: &str) -> Result<Vec<Value>, NotionError> {
    let text = visible(text);
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        let fence = trimmed.len() - trimmed.trim_start_matches('`').len();
        if fence >= 3 {
            end_paragraph(&mut paragraph, &mut blocks)?;
            let close = "`".repeat(fence);
            let code: Vec<&str> = lines
                .by_ref()
                .take_while(|line| line.trim() != close)
                .collect();
            blocks.push(code_block(trimmed[fence..].trim(), &code.join("\n"))?);
        } else if trimmed.is_empty() {
            end_paragraph(&mut paragraph, &mut blocks)?;
        } else if let Some((kind, text, checked)) = marked(trimmed) {
            end_paragraph(&mut paragraph, &mut blocks)?;
            let mut block = block(kind, &rich_text(text)?);
            if let Some(checked) = checked {
                block[kind]["checked"] = checked.into();
            }
            blocks.push(block);
        } else if matches!(trimmed.trim_end(), "---" | "***" | "___") {
            end_paragraph(&mut paragraph, &mut blocks)?;
            blocks.push(json!({ "object": "block", "type": "divider", "divider": {} }));
        } else {
            paragraph.push(line.trim_end());
        }
    }
    end_paragraph(&mut paragraph, &mut blocks)?;
    if blocks.is_empty() {
        return Err(NotionError::Empty(argument));
    }
    if blocks.len() > MOST_BLOCKS {
        return Err(NotionError::TooManyBlocks(blocks.len(), MOST_BLOCKS));
    }
    Ok(blocks)
}

/// What a line is by its first signs, its text, and whether it is done, where that is a question.
fn marked(line: &str) -> Option<(&'static str, &str, Option<bool>)> {
    for (sign, kind, checked) in [
        ("# ", "heading_1", None),
        ("## ", "heading_2", None),
        ("### ", "heading_3", None),
        ("#### ", "heading_3", None),
        ("- [ ] ", "to_do", Some(false)),
        ("- [x] ", "to_do", Some(true)),
        ("- [X] ", "to_do", Some(true)),
        ("- ", "bulleted_list_item", None),
        ("* ", "bulleted_list_item", None),
        ("> ", "quote", None),
    ] {
        if let Some(text) = line.strip_prefix(sign) {
            return Some((kind, text.trim(), checked));
        }
    }
    let (number, text) = line.split_once(". ")?;
    let is_number =
        (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(("numbered_list_item", text.trim(), None))
}

fn end_paragraph(lines: &mut Vec<&str>, blocks: &mut Vec<Value>) -> Result<(), NotionError> {
    if !lines.is_empty() {
        blocks.push(block("paragraph", &rich_text(&lines.join("\n"))?));
        lines.clear();
    }
    Ok(())
}

fn rich_text(text: &str) -> Result<Value, NotionError> {
    let rich = rich::write(text).or_else(|| rich::write_plain(text));
    rich.ok_or(NotionError::TooLarge("markdown", 200_000))
}

fn block(kind: &str, rich_text: &Value) -> Value {
    json!({ "object": "block", "type": kind, kind: { "rich_text": rich_text } })
}

fn code_block(language: &str, text: &str) -> Result<Value, NotionError> {
    let rich = rich::write_plain(text).ok_or(NotionError::TooLarge("markdown", 200_000))?;
    let mut block = block("code", &rich);
    let language = match language.to_ascii_lowercase().as_str() {
        "sh" => "shell",
        "js" => "javascript",
        "ts" => "typescript",
        "py" => "python",
        "yml" => "yaml",
        language => LANGUAGES
            .into_iter()
            .find(|known| *known == language)
            .unwrap_or("plain text"),
    };
    block["code"]["language"] = language.into();
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_blocks() {
        let text = "# One\n\nfirst\nline **two**\n- a\n* b\n1. c\n- [ ] d\n- [x] e\n> f\n---\n```rs\nlet x;\n\n# no\n```\n#hash\n2026. was\nend\u{e0041}";
        let made = blocks("markdown", text).expect("blocks");
        let seen: Vec<String> = made
            .iter()
            .map(|block| {
                let kind = block["type"].as_str().expect("a type");
                let pieces = block[kind]["rich_text"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let text: String = pieces
                    .iter()
                    .filter_map(|piece| piece["text"]["content"].as_str())
                    .collect();
                format!("{kind}: {text}")
            })
            .collect();
        let expected = [
            "heading_1: One",
            "paragraph: first\nline two",
            "bulleted_list_item: a",
            "bulleted_list_item: b",
            "numbered_list_item: c",
            "to_do: d",
            "to_do: e",
            "quote: f",
            "divider: ",
            "code: let x;\n\n# no",
            "paragraph: #hash\n2026. was\nend",
        ];
        assert_eq!(seen, expected);
        assert_eq!(
            (&made[5]["to_do"]["checked"], &made[6]["to_do"]["checked"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(made[9]["code"]["language"], "plain text");
        let python = blocks("markdown", "```py\nx\n").expect("a block without its end");
        assert_eq!(python[0]["code"]["language"], "python");
    }

    #[test]
    fn what_is_empty_or_too_much_is_refused() {
        for text in ["", "\n \n", "\u{200b}"] {
            assert!(matches!(
                blocks("markdown", text),
                Err(NotionError::Empty("markdown"))
            ));
        }
        assert_eq!(
            blocks("markdown", &"a\n\n".repeat(100))
                .expect("as many as may be")
                .len(),
            100
        );
        let error = blocks("markdown", &"a\n\n".repeat(101)).expect_err("one too many");
        assert!(error.to_string().contains("101 blocks, and 100"), "{error}");
        let error = blocks("markdown", &"x".repeat(200_001)).expect_err("too long");
        assert!(error.to_string().contains("larger than"), "{error}");
    }
}
