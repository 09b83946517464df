//! HTML that a page does not show: comments, and what a browser reads as one (`<?…>`, `<!…>`).
//!
//! Each form is looked for by itself in the whole text. Which of them counts depends on where it stands (in a
//! code span it is shown), so none may hide the start of another. Everything here is linear.

use std::ops::Range;

const COMMENT: &str = "<!--";

/// Where HTML is that is not shown. Spans of different forms may overlap.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    if !text.contains("<!") && !text.contains("<?") {
        return spans;
    }
    each(text, COMMENT, &mut spans, |inside| {
        Some(comment_end(inside).unwrap_or(inside.len()))
    });
    let mut closed = true;
    each(text, "<?", &mut spans, |inside| {
        // Java's `Class<?>` hides nothing.
        if inside.is_empty() || inside.starts_with('>') {
            return None;
        }
        let end = closed.then(|| after(inside, "?>")).flatten();
        closed = end.is_some();
        Some(end.or_else(|| after(inside, ">")).unwrap_or(inside.len()))
    });
    each(text, "<!", &mut spans, |inside| {
        let declares = !inside.is_empty() && !inside.starts_with(['>', '-', '<']);
        declares.then(|| after(inside, ">").unwrap_or(inside.len()))
    });
    let mut closed = true;
    each(text, "<![CDATA[", &mut spans, |inside| {
        let end = closed.then(|| after(inside, "]]>")).flatten();
        closed = end.is_some();
        end
    });
    spans
}

/// Takes comments out until there are none: what is left on both sides of one may form another.
pub(super) fn without_comments(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    // Up to each `-`, since a comment begins where the kept text comes to end in `<!--`.
    while let Some(at) = rest.find('-') {
        clean.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        if clean.ends_with(COMMENT) {
            clean.truncate(clean.len() - COMMENT.len());
            rest = comment_end(rest).map_or("", |end| &rest[end..]);
        }
    }
    clean.push_str(rest);
    clean
}

/// Adds a span for each `open` for which `end` says how much behind it belongs to it.
fn each(
    text: &str,
    open: &str,
    spans: &mut Vec<Range<usize>>,
    mut end: impl FnMut(&str) -> Option<usize>,
) {
    let mut at = 0;
    while let Some(found) = text[at..].find(open) {
        let start = at + found;
        at = start + open.len();
        if let Some(length) = end(&text[at..]) {
            at += length;
            spans.push(start..at);
        }
    }
}

fn after(text: &str, end: &str) -> Option<usize> {
    text.find(end).map(|at| at + end.len())
}

/// How much of `inside`, which follows `<!--`, belongs to the comment; `None` when it has no end.
fn comment_end(inside: &str) -> Option<usize> {
    for empty in [">", "->"] {
        if inside.starts_with(empty) {
            return Some(empty.len());
        }
    }
    after(inside, "-->")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same in so many words, and quadratic.
    fn naive(text: &str) -> String {
        let mut clean = text.to_owned();
        while let Some(start) = clean.find(COMMENT) {
            let inside = start + COMMENT.len();
            let end = comment_end(&clean[inside..]).map_or(clean.len(), |end| inside + end);
            clean.replace_range(start..end, "");
        }
        clean
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]
        #[test]
        fn comments_go_as_in_the_plain_way(
            parts in prop::collection::vec(
                prop::sample::select(vec!["<", "!", "-", ">", "<!--", "-->", "<!-", "a", "ä", "\n"]),
                0..24,
            )
        ) {
            let text = parts.concat();
            prop_assert_eq!(without_comments(&text), naive(&text), "{}", text);
        }
    }
}
