//! Which texts are names, scopes, gates, time limits and rates.

/// The form of a tool's, prompt's or resource's name, in words.
pub(crate) const NAME_FORM: &str = "1 to 64 of the characters A-Z, a-z, 0-9, `_`, `.` and `-`";
/// The form of a plugin's name, in words.
pub(crate) const PLUGIN_FORM: &str =
    "a lowercase letter, then up to 31 lowercase letters, digits, `-` or `_`";
/// The form of a scope, in words.
pub(crate) const SCOPE_FORM: &str =
    "a lowercase word, or two joined by a colon: `scope = \"read\"`, `scope = \"fs:write\"`";
/// The form of a gate's name, in words.
pub(crate) const GATE_FORM: &str = "one lowercase word: `gate = \"shell\"`";

/// Whether `text` matches `^[A-Za-z0-9_.-]{1,64}$`, what every client accepts.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Whether `text` can name a plugin: it is also a TOML key and the start of an environment variable.
pub(crate) fn is_plugin_name(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

/// Whether `text` is a scope. `Scope::new` of the SDK checks the same form.
pub(crate) fn is_scope(text: &str) -> bool {
    match text.split_once(':') {
        Some((namespace, word)) => is_word(namespace) && is_word(word),
        None => is_word(text),
    }
}

/// Whether `text` is a word of a scope, or the name of a gate.
pub(crate) fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte)
        })
}

/// A time limit in whole milliseconds, never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Milliseconds(pub(crate) u64);

/// Reads `"500ms"`, `"5s"`, `"2m"` or `"1h"`; `None` for anything else, and for no time at all.
pub(crate) fn parse_timeout(text: &str) -> Option<Milliseconds> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Milliseconds)
}

/// The longest that an answer may be kept: a day.
const LONGEST_CACHE: Milliseconds = Milliseconds(86_400_000);

/// Reads what [`parse_timeout`] does, up to a day.
pub(crate) fn parse_cache(text: &str) -> Option<Milliseconds> {
    parse_timeout(text).filter(|time| time.0 <= LONGEST_CACHE.0)
}

/// How often each caller may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// How many calls; never zero.
    pub(crate) calls: u32,
    /// In how many seconds; from one to a day of them.
    pub(crate) seconds: u64,
}

/// Reads `"10/s"`, `"100/m"`, `"5/h"` or `"1/30s"`; `None` for anything else. `Rate` of the SDK reads the
/// same, but the SDK needs this crate, so this crate cannot ask it.
pub(crate) fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, time) = text.split_once('/')?;
    let digits = time.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = time.split_at(digits);
    let unit: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    let count = if count.is_empty() {
        1
    } else {
        count.parse().ok()?
    };
    let seconds = unit.checked_mul(count)?;
    // The standard parser also takes a sign.
    let is_number = calls.bytes().all(|byte| byte.is_ascii_digit());
    let calls: u32 = calls.parse().ok().filter(|calls| is_number && *calls > 0)?;
    (1..=86_400)
        .contains(&seconds)
        .then_some(Rate { calls, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_client_accepts() {
        for good in ["a", "add_note", "A.b-c_9", &"x".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "add note", "é", "a/b", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_plugin_name_is_lowercase() {
        assert!(is_plugin_name("my-notes_2"));
        for bad in ["", "Notes", "2notes", "a.b", &"x".repeat(33)] {
            assert!(!is_plugin_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_scope_is_one_word_or_two() {
        for good in ["read", "fs:write", "a1", "x.y-z_0"] {
            assert!(is_scope(good), "{good}");
        }
        for bad in [
            "", "Read", "1a", ":", "a:", ":a", "a:b:c", "a b", "é", "-a", "a:-b",
        ] {
            assert!(!is_scope(bad), "{bad}");
        }
    }

    #[test]
    fn a_timeout_has_a_unit() {
        assert_eq!(parse_timeout("500ms"), Some(Milliseconds(500)));
        assert_eq!(parse_timeout("5s"), Some(Milliseconds(5_000)));
        assert_eq!(parse_timeout("2m"), Some(Milliseconds(120_000)));
        assert_eq!(parse_timeout("1h"), Some(Milliseconds(3_600_000)));
        for bad in [
            "",
            "5",
            "s",
            "0s",
            "5 s",
            "5sec",
            "-5s",
            "1.5s",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(parse_timeout(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_answer_is_kept_for_a_day_at_most() {
        assert_eq!(parse_cache("1ms"), Some(Milliseconds(1)));
        assert_eq!(parse_cache("24h"), Some(Milliseconds(86_400_000)));
        for bad in ["", "0s", "25h", "86400001ms", "a day"] {
            assert_eq!(parse_cache(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_gate_is_one_word() {
        for good in ["shell", "a1", "x.y-z_0"] {
            assert!(is_word(good), "{good}");
        }
        for bad in ["", "Shell", "1a", "a:b", "a b", "é", "-a"] {
            assert!(!is_word(bad), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_calls_in_a_time() {
        for (text, calls, seconds) in [
            ("10/s", 10, 1),
            ("100/m", 100, 60),
            ("5/h", 5, 3_600),
            ("1/30s", 1, 30),
            ("7/24h", 7, 86_400),
        ] {
            assert_eq!(parse_rate(text), Some(Rate { calls, seconds }), "{text}");
        }
        for bad in [
            "",
            "10",
            "/s",
            "10/",
            "0/s",
            "-1/s",
            "+1/s",
            "1/+1s",
            "1/0s",
            "1/25h",
            "1/d",
            "1.5/s",
            "10 / s",
            "4294967296/s",
            "1/99999999999999999999s",
            "1/18446744073709551615h",
            "١/s",
        ] {
            assert_eq!(parse_rate(bad), None, "{bad}");
        }
    }
}
