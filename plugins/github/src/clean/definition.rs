//! Link reference definitions of Markdown (`[label]: target "title"`), which no page shows: as `CommonMark` reads
//! them, but wherever a line may begin with one.
//!
//! Whether a line is code or goes on with a paragraph is not looked at. So each line is read by itself, also one
//! inside of another's title: none may hide the start of another. A label ends before the next `[` and a title at
//! the next sign like the one it began with, which keeps it linear.

use std::ops::Range;

/// Whole lines that are a definition. Spans may overlap.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    if !text.contains("]:") {
        return spans;
    }
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        if let Some(end) = definition(bytes, start) {
            spans.push(start..end);
        }
        start = line_end(bytes, start);
    }
    spans
}

/// Where the definition ends that begins in this line.
fn definition(bytes: &[u8], start: usize) -> Option<usize> {
    let label = content(bytes, start);
    let target = over_gap(bytes, after_label(bytes, label)?)?;
    let end = after_target(bytes, target)?;
    // These lead nowhere and are meant as comments, whatever follows.
    let comment = matches!(&bytes[target..end], b"#" | b"<>");
    let behind = blanks(bytes, end, b" \t");
    if !ends_line(bytes, behind) {
        let titled = (behind > end).then(|| titled(bytes, behind)).flatten();
        return titled.or_else(|| comment.then(|| line_end(bytes, end)));
    }
    let next = line_end(bytes, behind);
    Some(titled(bytes, blanks(bytes, next, b" \t>")).unwrap_or(next))
}

/// Where a line's content begins, after the marks of quotes, lists, tasks and footnotes.
fn content(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut listed) = (start, false);
    loop {
        at = blanks(bytes, at, b" \t>");
        let digits = bytes[at..]
            .iter()
            .take(9)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let mark = match (bytes.get(at), bytes.get(at + digits)) {
            (Some(b'-' | b'+' | b'*'), _) => 1,
            (_, Some(b'.' | b')')) if digits > 0 => digits + 1,
            (Some(b'['), _) if listed && is_task(&bytes[at..]) => 3,
            _ => match footnote(&bytes[at..]) {
                Some(length) => {
                    at += length;
                    continue;
                }
                None => return at,
            },
        };
        if !matches!(bytes.get(at + mark), Some(b' ' | b'\t')) {
            return at;
        }
        (at, listed) = (at + mark, true);
    }
}

fn is_task(bytes: &[u8]) -> bool {
    matches!(bytes, [b'[', b' ' | b'x' | b'X', b']', b' ' | b'\t', ..])
}

/// The length of `[^name]:`, behind which the footnote's text begins.
fn footnote(bytes: &[u8]) -> Option<usize> {
    let name = bytes.strip_prefix(b"[^")?;
    let length = name
        .iter()
        .position(|byte| matches!(byte, b']' | b' ' | b'\t' | b'\r' | b'\n' | b'\0'))?;
    (length > 0 && name[length..].starts_with(b"]:")).then_some("[^]:".len() + length)
}

/// Behind `[label]:`.
fn after_label(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start) != Some(&b'[') {
        return None;
    }
    let (mut at, mut named) = (start + 1, false);
    loop {
        match bytes.get(at)? {
            b'[' => return None,
            b']' => break,
            b'\n' | b'\r' if is_blank(bytes, at) => return None,
            b'\\' => at += escaped(bytes, at),
            _ => {}
        }
        named |= !bytes[at].is_ascii_whitespace();
        at += 1;
    }
    (named && bytes.get(at + 1) == Some(&b':')).then_some(at + 2)
}

/// Over spaces and at most one end of a line.
fn over_gap(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = blanks(bytes, at, b" \t");
    if ends_line(bytes, at) {
        at = blanks(bytes, line_end(bytes, at), b" \t>");
    }
    (!ends_line(bytes, at)).then_some(at)
}

fn after_target(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    if bytes.get(start) != Some(&b'<') {
        while bytes
            .get(at)
            .is_some_and(|byte| *byte != b' ' && !byte.is_ascii_control())
        {
            at += 1;
        }
        return (at > start).then_some(at);
    }
    loop {
        at += 1;
        match bytes.get(at)? {
            b'>' => return Some(at + 1),
            b'<' | b'\n' | b'\r' => return None,
            b'\\' => at += escaped(bytes, at),
            _ => {}
        }
    }
}

/// Where the line ends in which a title ends that begins here, if nothing follows it. One without an end goes to
/// the end of the text, which may have been cut there.
fn titled(bytes: &[u8], start: usize) -> Option<usize> {
    let open = *bytes.get(start)?;
    let close = match open {
        b'"' | b'\'' => open,
        b'(' => b')',
        _ => return None,
    };
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == close {
            let end = blanks(bytes, at + 1, b" \t");
            return ends_line(bytes, end).then(|| line_end(bytes, end));
        }
        match byte {
            b'(' if open == b'(' => return None,
            b'\n' | b'\r' if is_blank(bytes, at) => return None,
            b'\\' => at += escaped(bytes, at),
            _ => {}
        }
        at += 1;
    }
    Some(bytes.len())
}

/// 1 if the backslash here takes the next sign's meaning.
fn escaped(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation))
}

/// Whether the line after the one that ends here is empty. The end of the text is no line.
fn is_blank(bytes: &[u8], end: usize) -> bool {
    let at = blanks(bytes, line_end(bytes, end), b" \t");
    matches!(bytes.get(at), Some(b'\n' | b'\r'))
}

fn blanks(bytes: &[u8], start: usize, blank: &[u8]) -> usize {
    let length = bytes[start..]
        .iter()
        .take_while(|byte| blank.contains(byte))
        .count();
    start + length
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), None | Some(b'\n' | b'\r'))
}

/// The start of the next line.
fn line_end(bytes: &[u8], start: usize) -> usize {
    let end = bytes[start..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(bytes.len(), |length| start + length);
    match &bytes[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [] => end,
        _ => end + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(text: &str) -> Vec<(usize, usize)> {
        spans(text)
            .into_iter()
            .map(|span| (span.start, span.end))
            .collect()
    }

    #[test]
    fn every_definition_is_found() {
        for text in [
            "[//]: # (EVIL)",
            "[//]: #\n(EVIL)",
            "[//]:\n#\n(EVIL)",
            "[//]: #\r\n  (EVIL)\r\n",
            "[//]: #\r(EVIL)",
            "> [//]: # (EVIL)",
            ">[//]: #\n> (EVIL)",
            "- [//]: # (EVIL)",
            "12) > * [//]: # (EVIL)",
            "- [x] [//]: # (EVIL)",
            "[^1]: [//]: # (EVIL)",
            "\t[//]:\t#\t(EVIL)",
            "[//]: #x (EVIL)",
            "[//]: <#> (EVIL)",
            "[//]: <a b>\t'EVIL'",
            "[a\\]b]: # (EVIL)",
            "[a\nb]: # (EVIL)",
            "[^a b]: # (EVIL)",
            "[a]: https://e.com \"EVIL\"",
            "[a]: https://e.com 'EV\nIL'  \n",
            "[a]: https://e.com (EV\\)IL)",
            "[EVIL]: https://e.com",
            "[//]: # EVIL",
            "[a]: b \"EVIL",
        ] {
            assert_eq!(ends(text), [(0, text.len())], "{text:?}");
        }
        let first = "[a]: b\n";
        for more in ["\n(shown)", "(shown) more", "shown", "(shown\n\n)"] {
            let text = format!("{first}{more}");
            assert_eq!(ends(&text), [(0, first.len())], "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_is_none() {
        for text in [
            "[Bug]: it does not start",
            "[a] is ]: not",
            "- [ ]: a task",
            "[^1]: a footnote",
            "[a]:",
            "[a]:\n\nb",
            "[a\n\nb]: c",
            "[a]: <b",
            "[a]: b \"c\" d",
            "see [a]: b",
            "-[a]: b",
            "[a]: b (c (d))",
        ] {
            assert_eq!(ends(text), [], "{text:?}");
        }
    }
}
