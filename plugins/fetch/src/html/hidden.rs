//! What a reader of the page in a browser would not see, as far as an element's own attributes say it.
//!
//! No style sheet is read, no value is computed and no place is measured: the README says what that leaves.
//! In doubt an element is hidden.

use super::token::Tag;

/// Whether the element hides itself and all in it.
pub(super) fn is_hidden(tag: &Tag<'_>) -> bool {
    let is_true = |value: &str| value.trim().eq_ignore_ascii_case("true");
    // Also `until-found`: nobody has searched yet.
    tag.attribute("hidden").is_some()
        || tag.attribute("aria-hidden").is_some_and(is_true)
        || tag.attribute("style").is_some_and(hides)
}

fn hides(style: &str) -> bool {
    let style: String = style
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    // Once as a whole and once rule by rule: what looks like a comment may be part of a text or an address,
    // which are not told apart here.
    rules_hide(without_comments(&style).split(';'))
        || rules_hide(
            style
                .split(';')
                .map(without_comments)
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
        )
}

fn without_comments(style: &str) -> String {
    let mut kept = String::new();
    let mut rest = style;
    while let Some((before, comment)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

fn rules_hide<'a>(rules: impl Iterator<Item = &'a str>) -> bool {
    let (mut is_flat, mut is_cut) = (false, false);
    for rule in rules {
        let Some((property, value)) = rule.split_once(':') else {
            continue;
        };
        let value = value.strip_suffix("!important").unwrap_or(value);
        let unseen = match property {
            "display" => value == "none",
            "visibility" => matches!(value, "hidden" | "collapse"),
            "content-visibility" => value == "hidden",
            "opacity" => is_zero(value) || value.starts_with('-'),
            "font-size" => is_zero(value),
            // `0/0 serif`: the size, the height of a line, the name.
            "font" => value.split_once('/').is_some_and(|(size, _)| is_zero(size)),
            "width" | "height" | "max-width" | "max-height" => {
                is_flat |= is_zero(value);
                false
            }
            "overflow" | "overflow-x" | "overflow-y" => {
                is_cut |= value.contains("hidden") || value.contains("clip");
                false
            }
            _ => false,
        };
        if unseen {
            return true;
        }
    }
    is_flat && is_cut
}

/// Nothing in any unit: `0`, `0.0px`, `.0em`, `0%`.
fn is_zero(value: &str) -> bool {
    let value = value.trim_start_matches(['+', '-']);
    let unit = value.trim_start_matches(['0', '.']);
    let number = &value[..value.len() - unit.len()];
    number.contains('0')
        && !unit.starts_with(|letter: char| letter.is_ascii_digit())
        && unit
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_of_hidden_is_known() {
        for style in [
            "display:none",
            "color:red; DISPLAY : none !important",
            "display:/**/none",
            "/* ; */display:/*;*/none",
            "display:none/* never ends",
            "background:url(/*x);display:none",
            "background:url(/*x);display:/**/none",
            "visibility:hidden",
            "visibility:collapse",
            "content-visibility:hidden",
            "opacity:0",
            "opacity:0.0",
            "opacity:.0",
            "opacity:0%",
            "opacity:-1",
            "font-size:0",
            "font-size:0em",
            "font-size:0pt",
            "font-size:0.0px!important",
            "font-size:0%",
            "font-size:+0rem",
            "font:0/0 serif",
            "width:0;height:0;overflow:hidden",
            "overflow-y:clip;max-height:0px",
        ] {
            assert!(hides(style), "{style}");
        }
    }

    #[test]
    fn what_is_seen_is_not_hidden() {
        for style in [
            "",
            ";;:",
            "display:block",
            "display:/*none*/block",
            "opacity:0.5",
            "opacity:.5",
            "opacity:1",
            "font-size:0.9em",
            "font-size:10px",
            "font:12px/0 serif",
            "height:0",
            "overflow:hidden",
            "overflow:hidden;height:100px",
            "margin:0;padding:0",
        ] {
            assert!(!hides(style), "{style}");
        }
    }
}
