//! The lines of a `robots.txt` that concern one robot (RFC 9309), and whether they let it have a page.

use mcp_factory_outbound::Url;
use memchr::memmem;

/// The most bytes of rules kept of one host, about 2,000 rules: what comes after is not read. The longest
/// rule, and the most wildcards in it: a longer one bars everything below its beginning.
const MAX_RULES: usize = 96 * 1024;
/// What a rule takes beside its text.
const PER_RULE: usize = 32;
const MAX_RULE: usize = 1024;
const MAX_WILDCARDS: usize = 8;

/// The rules of one group.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// The path, in normal form, with `*`.
    path: String,
    /// It ends in `$`: nothing may follow.
    to_the_end: bool,
}

impl Rules {
    /// The rules for a robot: those of its own groups, else of the groups for all.
    pub(crate) fn parse(text: &str, robot: &str) -> Self {
        let (mut own, mut all) = (Vec::new(), Vec::new());
        let (mut for_us, mut for_all, mut named) = (false, false, false);
        let mut in_rules = true;
        let mut kept = 0;
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    // A name after rules begins a new group.
                    if std::mem::take(&mut in_rules) {
                        (for_us, for_all) = (false, false);
                    }
                    if value == "*" {
                        for_all = true;
                    } else if product(value).eq_ignore_ascii_case(robot) {
                        (for_us, named) = (true, true);
                    }
                }
                key @ ("allow" | "disallow") => {
                    in_rules = true;
                    kept += value.len() + PER_RULE;
                    if kept > MAX_RULES || !for_us && !for_all {
                        continue;
                    }
                    if let Some(rule) = Rule::read(key == "allow", value) {
                        if for_us {
                            own.push(rule);
                        } else {
                            all.push(rule);
                        }
                    }
                }
                _ => {}
            }
        }
        Self(if named { own } else { all })
    }

    /// Whether the rule that says most about a page lets it be fetched; of two that say as much, the one that
    /// allows.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        let mut path = url.path().to_owned();
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        let path = normal(&path);
        let matching = self.0.iter().filter(|rule| rule.matches(&path));
        matching
            .max_by_key(|rule| (rule.path.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }
}

impl Rule {
    fn read(allow: bool, value: &str) -> Option<Self> {
        // An empty rule says nothing.
        let first = value.chars().next()?;
        let slash = if first == '/' || first == '*' {
            ""
        } else {
            "/"
        };
        let value = format!("{slash}{value}");
        let (path, to_the_end) = match value.strip_suffix('$') {
            Some(path) => (path, true),
            None => (value.as_str(), false),
        };
        let mut path = normal(path);
        let mut cut = false;
        if path.len() > MAX_RULE {
            path.truncate(path.floor_char_boundary(MAX_RULE));
            cut = true;
        }
        if let Some((at, _)) = path.match_indices('*').nth(MAX_WILDCARDS) {
            path.truncate(at);
            cut = true;
        }
        // Cut short it says more than it did: so it may bar, and not allow.
        (!cut || !allow).then_some(Self {
            allow,
            path,
            to_the_end: to_the_end && !cut,
        })
    }

    fn matches(&self, path: &str) -> bool {
        let mut pieces = self.path.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else {
            return false;
        };
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return !self.to_the_end || rest.is_empty();
        }
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() && self.to_the_end {
                return rest.ends_with(piece);
            }
            let Some(at) = memmem::find(rest.as_bytes(), piece.as_bytes()) else {
                return false;
            };
            rest = &rest[at + piece.len()..];
        }
        true
    }
}

/// `Name/1.0` is the robot `Name`.
fn product(value: &str) -> &str {
    let end = value.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter));
    &value[..end.unwrap_or(value.len())]
}

/// One spelling of a path: what needs no escape has none, what needs one has it in upper case.
fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| path.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| {
                u8::from_str_radix(digits, 16)
                    .ok()
                    .filter(|_| !digits.starts_with('+'))
            });
        let byte = escaped.unwrap_or(bytes[at]);
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || escaped.is_none() && byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            let digit = |half: u8| {
                char::from_digit(half.into(), 16)
                    .unwrap_or('0')
                    .to_ascii_uppercase()
            };
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests;
