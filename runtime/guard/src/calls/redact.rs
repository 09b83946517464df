//! What is taken out of arguments and results before they are written.
//!
//! Values under secret names, at any depth and in JSON that is a text; in pairs of a name and a value, and behind options
//! of commands; every secret that this process has read; what arguments held, out of what came back; and in any text,
//! what its patterns tell. Not here: which names are secret (`names`), and the patterns (`patterns`).

use std::{borrow::Cow, mem};

use mcp_factory_sdk::known_secrets;
use serde_json::{Map, Value};

use super::{
    names::{is_secret, stem},
    patterns,
};

/// What stands where something was.
pub(super) const REDACTED: &str = "[redacted]";
/// JSON in a text in JSON, and so on, is looked into so often.
const DEEPEST: usize = 3;
/// A secret that is shorter would make nonsense of every text.
const SHORTEST: usize = 4;
/// Lines of a secret of several that are worth looking for.
const LINE: usize = 16;
/// Characters of a text that may be a name; of longer ones servers tell no more.
const NAME: usize = 128;
/// What was taken out of arguments, so many texts at most, is looked for in what came back.
const NOTED: usize = 64;

/// Takes secrets out.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    /// The operator's names, their stems.
    more: Vec<String>,
    /// The secrets of the process, the longest first.
    values: Vec<String>,
    /// How far the list of them is known.
    seen: u64,
}

/// The secrets of one call: those that everybody's names tell, and those of its tool.
#[derive(Debug)]
pub(super) struct Redaction<'a> {
    redactor: &'a Redactor,
    /// The stems of the names that its tool marks.
    marked: Vec<String>,
    /// What was taken out of its arguments, the longest first.
    own: Vec<String>,
    /// Whether it is the arguments that are looked through.
    noting: bool,
}

impl Redactor {
    /// One that knows more names.
    pub(super) fn new(more: &[String]) -> Self {
        Self {
            more: more.iter().map(|name| stem(name)).collect(),
            ..Self::default()
        }
    }

    /// The redaction of a call whose tool marks these names. Looks for secrets that were read meanwhile.
    pub(super) fn of<'a>(&'a mut self, marked: &[String]) -> Redaction<'a> {
        if let Some(secrets) = known_secrets(&mut self.seen) {
            let all = secrets.iter().flat_map(|secret| parts(secret.expose()));
            self.values = all.map(str::to_owned).collect();
            longest_first(&mut self.values);
        }
        Redaction {
            redactor: self,
            marked: marked.iter().map(|name| stem(name)).collect(),
            own: Vec::new(),
            noting: false,
        }
    }
}

fn longest_first(values: &mut Vec<String>) {
    values.sort_unstable_by(|one, other| (other.len(), other).cmp(&(one.len(), one)));
    values.dedup();
}

/// A secret, and what of it is one by itself: the password of a URL, the lines of a key.
fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let password = || {
        let (_, rest) = secret.split_once("://")?;
        let (user, _) = rest.rsplit_once('@')?;
        Some(user.split_once(':')?.1)
    };
    let lines = secret
        .lines()
        .filter(|line| line.len() >= LINE && !line.starts_with("-----"));
    let all = [Some(secret), password()]
        .into_iter()
        .flatten()
        .chain(lines);
    all.filter(|part| part.len() >= SHORTEST)
}

impl Redaction<'_> {
    /// Looks through arguments: what is taken out of them is a secret of this call's from here on.
    pub(super) fn arguments<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        self.noting = true;
        let told = look(self);
        self.noting = false;
        longest_first(&mut self.own);
        told
    }

    /// A value without its secrets.
    pub(super) fn value(&mut self, mut value: Value) -> Value {
        self.clean(&mut value, 0);
        value
    }

    /// A text without its secrets.
    pub(super) fn text(&mut self, text: &str) -> String {
        self.text_in(text, 0).into_owned()
    }

    /// A name that may have been cut, without its secrets and without the beginning of one at its end.
    pub(super) fn beginning(&mut self, text: &str) -> String {
        let is_cut = text.chars().count() >= NAME;
        let mut text = self.text(text);
        if !is_cut {
            return text;
        }
        let begins = |secret: &String| {
            let beginnings = secret.char_indices().map(|(at, _)| at);
            let mut beginnings = beginnings.skip_while(|at| *at < SHORTEST);
            beginnings.find(|at| text.ends_with(&secret[..*at]))
        };
        let most = self.redactor.values.iter().filter_map(begins).max();
        if let Some(most) = most {
            text.truncate(text.len() - most);
            text.push_str(REDACTED);
        }
        text
    }

    /// Takes out what is secret, and whether that was anything.
    fn clean(&mut self, value: &mut Value, depth: usize) -> bool {
        match value {
            Value::Object(members) => self.clean_members(members, depth),
            Value::Array(items) => self.clean_items(items, depth),
            Value::String(text) => {
                let Cow::Owned(clean) = self.text_in(text, depth) else {
                    return false;
                };
                *text = clean;
                true
            }
            // A secret of digits only may be a number somewhere.
            Value::Number(number) => {
                let digits = number.to_string();
                let is_known = self.known().any(|secret| *secret == digits);
                if is_known {
                    *value = Value::from(REDACTED);
                }
                is_known
            }
            _ => false,
        }
    }

    fn clean_members(&mut self, members: &mut Map<String, Value>, depth: usize) -> bool {
        let pair = named(members);
        let mut found = false;
        for (name, value) in members.iter_mut() {
            let is_value = ["value", "values"]
                .iter()
                .any(|word| name.eq_ignore_ascii_case(word));
            let pair = pair.as_deref().filter(|_| is_value);
            if self.is_secret(name, value) || pair.is_some_and(|name| self.is_secret(name, value)) {
                self.take(value);
                found = true;
            } else {
                found |= self.clean(value, depth);
            }
        }
        let mut names = members.keys();
        if names.any(|name| matches!(self.text_in(name, DEEPEST), Cow::Owned(_))) {
            let all = mem::take(members).into_iter();
            *members = all
                .map(|(name, value)| (self.text_in(&name, DEEPEST).into_owned(), value))
                .collect();
            found = true;
        }
        found
    }

    fn clean_items(&mut self, items: &mut [Value], depth: usize) -> bool {
        let (mut found, mut option) = (false, None::<String>);
        for item in items {
            let next = option_of(item);
            let secret = option.filter(|_| next.is_none());
            if secret.is_some_and(|name| self.is_secret(&name, item)) {
                self.take(item);
                found = true;
            } else {
                found |= self.clean(item, depth);
            }
            option = next;
        }
        found
    }

    fn take(&mut self, value: &mut Value) {
        let taken = mem::replace(value, Value::from(REDACTED));
        self.note(&taken);
    }

    /// Notes what was taken out of arguments.
    fn note(&mut self, taken: &Value) {
        match taken {
            _ if !self.noting => {}
            Value::Object(members) => members.values().for_each(|member| self.note(member)),
            Value::Array(items) => items.iter().for_each(|item| self.note(item)),
            Value::String(text) => self.note_text(text.trim()),
            Value::Number(number) => self.note_text(&number.to_string()),
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn note_text(&mut self, text: &str) {
        let schemes = ["bearer", "basic", "token"];
        let credential = text.split_once(' ').filter(|(scheme, _)| {
            let mut schemes = schemes.iter();
            schemes.any(|known| scheme.eq_ignore_ascii_case(known))
        });
        // A message may show it as code has it.
        let quoted = Value::from(text).to_string();
        let quoted = quoted.trim_matches('"');
        let all = [Some(text), credential.map(|(_, code)| code), Some(quoted)];
        for text in all.into_iter().flatten() {
            let is_told = text == REDACTED || self.own.iter().any(|own| own == text);
            if text.len() >= SHORTEST && self.own.len() < NOTED && !is_told {
                self.own.push(text.to_owned());
            }
        }
    }

    /// Every secret that is looked for as it is.
    fn known(&self) -> impl Iterator<Item = &String> {
        let own = if self.noting { &[] } else { &*self.own };
        self.redactor.values.iter().chain(own)
    }

    fn is_secret(&self, name: &str, value: &Value) -> bool {
        let is_more = || {
            let stem = stem(name);
            self.marked.contains(&stem) || self.redactor.more.contains(&stem)
        };
        is_secret(name, value) || is_more()
    }

    fn text_in<'t>(&mut self, text: &'t str, depth: usize) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        if depth < DEEPEST
            && text.trim_start().starts_with(['{', '['])
            && let Ok(mut inner) = serde_json::from_str::<Value>(&text)
            // As it was written, if there was nothing to take out.
            && self.clean(&mut inner, depth + 1)
        {
            text = Cow::Owned(inner.to_string());
        }
        for secret in self.known() {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        let found = patterns::find(&text, &|name, value| self.is_secret(name, value));
        if found.is_empty() {
            return text;
        }
        let (mut clean, mut done) = (String::with_capacity(text.len()), 0);
        for range in found {
            if self.noting {
                self.note_text(text[range.clone()].trim());
            }
            clean.push_str(&text[done..range.start]);
            clean.push_str(REDACTED);
            done = range.end;
        }
        clean.push_str(&text[done..]);
        Cow::Owned(clean)
    }
}

/// The name of a pair of a name and a value, as APIs list headers and variables.
fn named(members: &Map<String, Value>) -> Option<String> {
    let keys = ["name", "key", "header", "variable"];
    let mut members = members.iter();
    let name = members.find_map(|(key, value)| {
        let is_name = keys.iter().any(|word| key.eq_ignore_ascii_case(word));
        value.as_str().filter(|_| is_name)
    });
    name.filter(|name| name.len() <= NAME).map(str::to_owned)
}

/// The name of an option of a command, which is set to what comes after it.
fn option_of(item: &Value) -> Option<String> {
    let text = item.as_str().filter(|text| text.len() <= NAME)?;
    let name = text.strip_prefix('-')?.trim_start_matches('-');
    // What says no is an option without a value.
    let is_set = !name.contains(['=', ' ']) && !name.starts_with("no-");
    Some(if is_set { name } else { "" }.to_owned())
}

#[cfg(test)]
mod tests;
