//! Text that others wrote, without what a person looking at GitHub would not see: invisible characters,
//! characters that reorder text, HTML comments. A model reads them; a reviewer does not.

mod definition;
mod html;

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

/// Removes what Markdown does not show: HTML comments and what a browser takes for one, and link reference
/// definitions, which are used as comments. A comment without an end goes to the end of the text. Says how many
/// bytes. Takes a time that grows with the text's length and no faster.
pub(crate) fn hidden(text: &str) -> (String, usize) {
    let mut spans = html::spans(text);
    spans.extend(definition::spans(text));
    if spans.is_empty() {
        return (text.to_owned(), 0);
    }
    spans.sort_unstable_by_key(|span| span.start);
    let (mut clean, mut at) = (String::with_capacity(text.len()), 0);
    for span in spans {
        if span.start > at {
            clean.push_str(&text[at..span.start]);
        }
        at = at.max(span.end);
    }
    clean.push_str(&text[at..]);
    let clean = html::without_comments(&clean);
    let removed = text.len() - clean.len();
    (clean, removed)
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
            ("[a]: https://example.com\n[b] is ]: not", "[b] is ]: not"),
            ("a <b>bold</b>", "a <b>bold</b>"),
        ] {
            assert_eq!(hidden(text).0, clean, "{text}");
        }
    }

    #[test]
    fn what_a_browser_takes_for_a_comment_is_removed() {
        for (text, clean) in [
            ("a<? EVIL ?>b", "ab"),
            ("a<? x > EVIL ?>b", "ab"),
            ("a<? EVIL >b", "ab"),
            ("a\n<? EVIL", "a\n"),
            ("a<!X EVIL>b", "ab"),
            ("a<! EVIL>b", "ab"),
            ("a<!X EVIL", "a"),
            ("a<![CDATA[ EVIL ]]>b", "ab"),
            ("a<![CDATA[ x > EVIL ]]>b", "ab"),
            ("Class<?> a < b <!> <?", "Class<?> a < b <!> <?"),
        ] {
            assert_eq!(hidden(text).0, clean, "{text}");
        }
    }

    #[test]
    fn nothing_hidden_is_uncovered_by_something_else_that_is() {
        for text in [
            "[a]: b \"EVIL <!--\"\nx -->",
            "x\n[a]: b '<!--'\nEVIL -->",
            "`<?` <!-- > EVIL -->",
            "`<!x` <!-- > EVIL -->",
            "`<!--` <? --> EVIL ?>",
            "```\n[a]: b 'x\n```\n[c]: d ('\nEVIL)",
        ] {
            let (clean, removed) = hidden(text);
            assert!(!clean.contains("EVIL"), "{text:?}: {clean:?}");
            assert_eq!(removed, text.len() - clean.len());
        }
    }

    #[test]
    fn long_texts_take_no_longer_than_they_are_long() {
        let most = 65_000;
        let start = std::time::Instant::now();
        for part in [
            "<!-->",
            "<!--",
            "<!-- -->",
            "<!-<!-->-",
            "<?",
            "<? >",
            "<!x",
            "<![CDATA[",
            "<![CDATA[>",
            "[a]: b (x\n",
            "[a]: b \"x\n",
            "[a]: b 'x\n",
            "[a]:\n",
            "[a\n",
            "[\\\n",
            "[^a",
            "[a]: <b\n",
            "> ",
            "- ",
            "1. ",
            "\n\n",
            "(\n",
            "[^a]:",
            "[a]: b (x\n[a]: b 'x\n[a]: b \"x\n",
            "a",
        ] {
            let mut text = format!("{}[//]: # (x)\n", "a".repeat(16_000));
            text.push_str(&part.repeat((most - text.len()) / part.len()));
            for _ in 0..4 {
                let (clean, removed) = hidden(&text);
                assert_eq!(clean.len() + removed, text.len());
            }
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
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
