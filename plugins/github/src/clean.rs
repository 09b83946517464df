//! Text that others wrote, without what a person looking at GitHub would not see: invisible characters,
//! characters that reorder text, HTML comments. A model reads them; a reviewer does not.

/// Removes characters that show nothing or change how others show; says how many.
///
/// Those are: Unicode tags, bidirectional controls, zero-width and other default-ignorable characters,
/// variation selectors that select nothing, interlinear annotations, and control characters but for line
/// breaks and tabs. Joiners go too, so some emoji fall into their parts.
pub(crate) fn invisible(text: &str) -> (String, usize) {
    if text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
    {
        return (text.to_owned(), 0);
    }
    let mut clean = String::with_capacity(text.len());
    let mut removed = 0;
    let mut after_selector = true;
    for character in text.chars() {
        // One emoji selector after a character is how emoji are written; a row of them carries data.
        let selects = character == '\u{FE0F}' && !after_selector;
        if is_invisible(character) && !selects {
            removed += 1;
            continue;
        }
        after_selector = character == '\u{FE0F}' || character.is_whitespace();
        clean.push(character);
    }
    (clean, removed)
}

fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}'
        | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Removes what Markdown does not show: HTML comments, and link definitions that lead nowhere, which are
/// used as comments. A comment without an end goes to the end of the text. Says how many bytes.
pub(crate) fn hidden(text: &str) -> (String, usize) {
    let mut clean = text.to_owned();
    // What is left on both sides of a comment may form another.
    while let Some(start) = clean.find("<!--") {
        let end = comment_end(&clean[start..]).map_or(clean.len(), |length| start + length);
        clean.replace_range(start..end, "");
    }
    if clean.contains("]:") {
        clean = clean
            .split_inclusive('\n')
            .filter(|line| !is_comment_definition(line))
            .collect();
    }
    let removed = text.len() - clean.len();
    (clean, removed)
}

/// The length of the comment at the start of `text`; `None` when it has no end.
fn comment_end(text: &str) -> Option<usize> {
    let inside = &text["<!--".len()..];
    for empty in [">", "->"] {
        if inside.starts_with(empty) {
            return Some("<!--".len() + empty.len());
        }
    }
    inside.find("-->").map(|at| "<!--".len() + at + "-->".len())
}

/// `[//]: # (text)` and its like.
fn is_comment_definition(line: &str) -> bool {
    let line = line.trim_start();
    let Some((label, target)) = line.split_once("]:") else {
        return false;
    };
    let target = target.trim_start();
    label.starts_with('[')
        && !label[1..].contains(['[', ']'])
        && (target.starts_with("<>")
            || target == "#"
            || target.starts_with("# ")
            || target.starts_with("#\n"))
}

/// One line of at most `most` characters: for names and titles.
pub(crate) fn line(text: &str, most: usize) -> (String, usize) {
    let (clean, removed) = invisible(text);
    let mut short: String = clean
        .chars()
        .map(|character| {
            if matches!(character, '\n' | '\r' | '\t') {
                ' '
            } else {
                character
            }
        })
        .take(most)
        .collect();
    if short.len() < clean.len() && clean.chars().count() > most {
        short.push('…');
    }
    (short, removed)
}

/// Takes the colours and cursor movements of a terminal out of a log.
pub(crate) fn terminal(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1B}') {
        clean.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(sequence) = rest.strip_prefix('[') {
            let end = sequence.find(|character: char| ('@'..='~').contains(&character));
            rest = end.map_or("", |end| &sequence[end + 1..]);
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_removed() {
        let tags: String = "ignore"
            .chars()
            .map(|letter| char::from_u32(0xE0000 + letter as u32).expect("a tag"))
            .collect();
        for hidden in [
            tags.as_str(),
            "\u{200B}",
            "\u{200D}",
            "\u{202E}",
            "\u{2066}",
            "\u{FEFF}",
            "\u{AD}",
            "\u{E0100}",
            "\u{61C}",
            "\u{2063}",
            "\u{3164}",
            "\u{1B}",
            "\u{2800}",
            "\u{FE00}\u{FE01}",
            "\u{FE0F}\u{FE0F}",
        ] {
            let (clean, removed) = invisible(&format!(" {hidden}b"));
            assert_eq!(clean, " b", "{hidden:?}");
            assert_eq!(removed, hidden.chars().count());
        }
        for visible in ["héllo wörld\n\tok\r\n", "日本語 עברית", "❤\u{FE0F} ok", ""] {
            assert_eq!(invisible(visible), (visible.to_owned(), 0));
        }
    }

    #[test]
    fn comments_are_removed_even_when_they_hide_in_each_other() {
        for (text, clean) in [
            ("a<!-- b -->c", "ac"),
            ("a<!-->b", "ab"),
            ("a<!--->b", "ab"),
            ("a<!-- b", "a"),
            ("a<!-<!-- x -->- evil -->b", "ab"),
            ("a\n[//]: # (evil)\nb", "a\nb"),
            ("a\n  [comment]: <> (evil)\nb", "a\nb"),
            (
                "[a]: https://example.com\n[b] is ]: not",
                "[a]: https://example.com\n[b] is ]: not",
            ),
            ("a <b>bold</b>", "a <b>bold</b>"),
        ] {
            assert_eq!(hidden(text).0, clean, "{text}");
        }
    }

    #[test]
    fn a_line_is_one_and_short() {
        assert_eq!(line("a\nb\u{200B}", 10), ("a b".to_owned(), 1));
        assert_eq!(line("äöü", 2).0, "äö…");
        assert_eq!(line("äöü", 3).0, "äöü");
    }

    #[test]
    fn a_log_has_no_colours() {
        assert_eq!(terminal("\u{1B}[31;1mred\u{1B}[0m\n\u{1B}[2K"), "red\n");
        assert_eq!(terminal("a\u{1B}"), "a");
    }
}
