//! Names that have been checked: whoever holds one may write it into source code, a path or an argument.

use std::fmt;

/// Names that cargo or rustc keep for themselves.
const RESERVED: &[&str] = &[
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "proc_macro",
    "std",
    "test",
];

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $form:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What such a name looks like, for messages.
            pub const FORM: &'static str = $form;

            /// Checks `text`; `None` when it does not have the form.
            pub fn parse(text: &str) -> Option<Self> {
                let check: fn(&str) -> bool = $check;
                check(text).then(|| Self(text.to_owned()))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a server: of its crate and of its binary.
    ServerName,
    "lower-case letters, digits, `-` and `_`, starting with a letter, at most 63, and no word that Rust keeps for itself",
    |text| {
        let identifier = text.replace('-', "_");
        lower_case(text, 63) && !RESERVED.contains(&identifier.as_str()) && is_identifier(&identifier)
    }
);

name!(
    /// The name of a plugin in a server: a section of its configuration.
    PluginName,
    "lower-case letters, digits, `-` and `_`, starting with a letter, at most 32",
    |text| lower_case(text, 32)
);

name!(
    /// What the names of a plugin's tools start with.
    Prefix,
    "letters, digits, `-`, `_` and `.`, at most 32",
    |text| made_of(text, 32, "-_.")
);

name!(
    /// The name of a package, as cargo knows it.
    PackageName,
    "letters, digits, `-` and `_`, starting with a letter, at most 64",
    |text| starts_with_letter(text) && made_of(text, 64, "-_")
);

name!(
    /// The path of a static inside a library, such as `PLUGIN` or `mcp::PLUGIN`.
    EntryPath,
    "Rust names joined by `::`",
    |text| text.len() <= 128 && text.split("::").all(is_identifier)
);

name!(
    /// A target of the compiler, such as `x86_64-unknown-linux-musl`.
    Target,
    "letters, digits, `-`, `_` and `.`, starting with a letter, at most 64",
    |text| starts_with_letter(text) && made_of(text, 64, "-_.")
);

name!(
    /// A cargo feature.
    FeatureName,
    "letters, digits, `-`, `_`, `+`, `.` and `/`, starting with a letter or digit, at most 128",
    |text| text.starts_with(|first: char| first.is_ascii_alphanumeric()) && made_of(text, 128, "-_+./")
);

name!(
    /// The name of an environment variable.
    VariableName,
    "letters, digits and `_`, not starting with a digit, at most 128",
    |text| !text.starts_with(|first: char| first.is_ascii_digit()) && made_of(text, 128, "_")
);

name!(
    /// The name of a host, without scheme and port.
    HostName,
    "letters, digits and `-`, in parts joined by `.`, at most 253",
    is_host
);

name!(
    /// The hosts that a plugin reaches: one, or all directly below one.
    HostPattern,
    "letters, digits and `-`, in parts joined by `.`, with `*` for the first one if need be, at most 253",
    |text| is_host(text.strip_prefix("*.").unwrap_or(text))
);

name!(
    /// The name of a tool, as every client accepts it.
    ToolName,
    "1 to 64 of the characters A-Z, a-z, 0-9, `_`, `.` and `-`",
    |text| made_of(text, 64, "_.-")
);

name!(
    /// The name of a declared tool's parameter.
    ParameterName,
    "letters, digits and `_`, starting with a letter, at most 64",
    |text| starts_with_letter(text) && made_of(text, 64, "_")
);

name!(
    /// What a caller must hold, as the SDK's `Scope` has it.
    ScopeName,
    "a lowercase word, or two joined by a colon: \"read\", \"orders:write\"",
    |text| match text.split_once(':') {
        Some((namespace, word)) => is_word(namespace) && is_word(word),
        None => is_word(text),
    }
);

name!(
    /// The group of tools that a second factor opens.
    GateName,
    "one lowercase word, such as \"shell\"",
    is_word
);

impl ScopeName {
    /// Whether it is `read`, in whatever namespace.
    pub(crate) fn is_read(&self) -> bool {
        let word = self
            .0
            .rsplit_once(':')
            .map_or(self.0.as_str(), |(_, word)| word);
        word == "read"
    }
}

/// Whether `text` is a word of a scope, or the name of a gate.
fn is_word(text: &str) -> bool {
    let good =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(good)
}

fn lower_case(text: &str, most: usize) -> bool {
    starts_with_letter(text)
        && made_of(text, most, "-_")
        && !text.contains(|letter: char| letter.is_ascii_uppercase())
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn made_of(text: &str, most: usize, others: &str) -> bool {
    let good = |letter: char| letter.is_ascii_alphanumeric() || others.contains(letter);
    !text.is_empty() && text.len() <= most && text.chars().all(good)
}

fn is_host(text: &str) -> bool {
    let is_part =
        |part: &str| made_of(part, 63, "-") && !part.starts_with('-') && !part.ends_with('-');
    text.len() <= 253 && text.split('.').all(is_part)
}

/// ASCII only, and not a keyword.
fn is_identifier(text: &str) -> bool {
    text.is_ascii() && syn::parse_str::<syn::Ident>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "",
        "x\"; fn main(){} //",
        "../../etc",
        "a/b",
        "a b",
        "-o",
        "a\nb",
        "a\0b",
        "ä",
        "a'b",
        ".",
        "..",
        "$(id)",
    ];

    #[test]
    fn hostile_names_are_refused_by_every_kind() {
        for text in HOSTILE {
            assert!(ServerName::parse(text).is_none(), "{text:?}");
            assert!(PluginName::parse(text).is_none(), "{text:?}");
            assert!(PackageName::parse(text).is_none(), "{text:?}");
            assert!(EntryPath::parse(text).is_none(), "{text:?}");
            assert!(Target::parse(text).is_none(), "{text:?}");
        }
        for text in HOSTILE {
            assert!(VariableName::parse(text).is_none(), "{text:?}");
            assert!(HostName::parse(text).is_none(), "{text:?}");
            assert!(HostPattern::parse(text).is_none(), "{text:?}");
        }
        for text in ["1A", "A-B", "A=B", "A\nExecStartPre=+/bin/sh"] {
            assert!(VariableName::parse(text).is_none(), "{text:?}");
        }
        for text in [
            "*", "*.", "a.*", "*.*.a", "a..b", "a.", "-a", "a-", "a:1", "http://a",
        ] {
            assert!(HostName::parse(text).is_none(), "{text:?}");
            assert!(HostPattern::parse(text).is_none(), "{text:?}");
        }
        for text in HOSTILE {
            assert!(ScopeName::parse(text).is_none(), "{text:?}");
            assert!(GateName::parse(text).is_none(), "{text:?}");
            assert!(ParameterName::parse(text).is_none(), "{text:?}");
        }
        for text in ["a:b:c", ":a", "a:", "Read", "1a"] {
            assert!(ScopeName::parse(text).is_none(), "{text:?}");
        }
        for text in ["", "a b", "a\"b", "a/b", "ä"] {
            assert!(ToolName::parse(text).is_none(), "{text:?}");
            assert!(Prefix::parse(text).is_none(), "{text:?}");
        }
        for text in ["", "-F", "a b", "a\"]", "ä"] {
            assert!(FeatureName::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn names_that_rust_keeps_cannot_name_a_server() {
        for text in ["fn", "self", "test", "std", "build", "type"] {
            assert!(ServerName::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn ordinary_names_are_taken() {
        assert_eq!(
            ServerName::parse("my-service_2").unwrap().as_str(),
            "my-service_2"
        );
        assert!(PluginName::parse("fs").is_some());
        assert!(EntryPath::parse("mcp::PLUGIN").is_some());
        assert!(Target::parse("x86_64-unknown-linux-musl").is_some());
        assert!(FeatureName::parse("dep/socket-mode").is_some());
        assert!(ToolName::parse("open-orders.v2").is_some());
        assert!(ParameterName::parse("customer_id").is_some());
        assert!(GateName::parse("shell").is_some());
        for (scope, reads) in [
            ("read", true),
            ("orders:read", true),
            ("write", false),
            ("reader", false),
        ] {
            assert_eq!(ScopeName::parse(scope).unwrap().is_read(), reads, "{scope}");
        }
    }
}
