//! How a string becomes text inside Rust, TOML, YAML, and comments of them.

#![expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the engine's `filter_fn` asks for this signature and writes the rest"
)]

use std::fmt::{Display, Write};

/// A Rust string literal, quotes included.
#[askama::filter_fn]
pub(crate) fn rust_str(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    // `Debug` of a string is defined as a Rust literal: quotes, backslashes and control characters
    // are escaped, braces need nothing because no literal here is a format string.
    Ok(format!("{:?}", value.to_string()))
}

/// A TOML basic string, quotes included.
#[askama::filter_fn]
pub(crate) fn toml_str(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(basic_string(&value.to_string()))
}

/// A string of YAML, quotes included. One of TOML is one of YAML: the same escapes have the same meaning.
#[askama::filter_fn]
pub(crate) fn yaml_str(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(basic_string(&value.to_string()))
}

/// A name as a string of YAML: with quotes where a reader would make another value of it.
#[askama::filter_fn]
pub(crate) fn yaml_name(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    let name = value.to_string();
    Ok(if is_plain(&name) {
        name
    } else {
        basic_string(&name)
    })
}

/// Whether YAML 1.1, which most of its readers still speak, and 1.2 read these letters as themselves. What begins with
/// a digit may be a number, a date or a time.
fn is_plain(name: &str) -> bool {
    const VALUES: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        && !VALUES.contains(&name.to_ascii_lowercase().as_str())
}

/// One line that can end neither a `//` nor a `#` comment.
#[askama::filter_fn]
pub(crate) fn comment(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(one_line(&value.to_string()))
}

/// The value of a setting in a systemd unit: `%` would begin a specifier, and `\\` at the end would take in the next
/// line.
#[askama::filter_fn]
pub(crate) fn unit_value(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    let line = one_line(&value.to_string()).replace('%', "%%");
    Ok(line
        .trim_end_matches(|letter: char| letter == '\\' || letter.is_whitespace())
        .to_owned())
}

fn basic_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if hidden(control) => {
                write!(quoted, "\\U{:08X}", u32::from(control))
                    .expect("writing to a String cannot fail");
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if hidden(letter) { ' ' } else { letter })
        .collect()
}

/// Control characters, line separators, and the marks that reorder text on a screen: source that
/// reads differently from what it does is refused by rustc and should not be written.
fn hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARD: &[&str] = &[
        "",
        "plain",
        "quote \" backslash \\ brace {} {{ }}",
        "line\nline\r\nline\rtab\t",
        "x\"; fn main(){} //",
        "*/ /* // # '''\"\"\"",
        "nul \0 bell \u{7} del \u{7f} nel \u{85}",
        "ls \u{2028} rtl \u{202e} bom \u{feff} emoji 🦀 combining e\u{301}",
        "[[table]]\nkey = 1",
    ];

    #[test]
    fn a_rust_literal_reads_back_as_the_text() {
        for text in HARD {
            let literal = rust_str::default()
                .execute(text, askama::NO_VALUES)
                .unwrap();
            let read: syn::LitStr = syn::parse_str(&literal).unwrap();
            assert_eq!(read.value(), *text);
        }
    }

    #[test]
    fn a_toml_string_reads_back_as_the_text() {
        for text in HARD {
            let document = format!("key = {}", basic_string(text));
            let table: toml::Table = toml::from_str(&document).unwrap();
            assert_eq!(table["key"].as_str(), Some(*text));
            assert_eq!(document.lines().count(), 1);
        }
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        for text in HARD {
            let line = one_line(text);
            assert!(!line.contains(['\n', '\r', '\0', '\u{2028}']), "{line:?}");
            syn::parse_file(&format!("// {line}\nfn main() {{}}")).unwrap();
        }
    }
}
