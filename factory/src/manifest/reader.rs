//! Typed reading of a TOML table that remembers where everything stands, and collects what is wrong.

use std::{cell::RefCell, ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    error::{Code, Failure, Place, Source},
    suggest::nearest,
};

use super::Located;

/// The file, and all that is wrong with it so far.
pub(super) struct Document {
    source: Arc<Source>,
    failures: RefCell<Vec<Failure>>,
}

impl Document {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            failures: RefCell::default(),
        }
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        Place {
            source: Arc::clone(&self.source),
            span,
        }
    }

    pub(super) fn fail(&self, failure: Failure) {
        self.failures.borrow_mut().push(failure);
    }

    pub(super) fn is_clean(&self) -> bool {
        self.failures.borrow().is_empty()
    }

    pub(super) fn into_failures(self) -> Vec<Failure> {
        self.failures.into_inner()
    }
}

/// One table of the file.
pub(super) struct Reader<'d> {
    document: &'d Document,
    table: &'d DeTable<'d>,
    span: Range<usize>,
    /// Its header, such as `plugins.fs`; empty for the file itself.
    path: String,
    /// The keys that have been asked for: what else stands in the table is unknown.
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(
        document: &'d Document,
        table: &'d DeTable<'d>,
        span: Range<usize>,
        path: String,
    ) -> Self {
        Self {
            document,
            table,
            span,
            path,
            known: RefCell::default(),
        }
    }

    pub(super) fn place(&self) -> Place {
        self.document.place(self.span.clone())
    }

    pub(super) fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    /// A key that must not be empty when it is there.
    pub(super) fn string(&self, key: &'static str) -> Option<Located<&'d str>> {
        let value = self.get(key)?;
        let place = self.document.place(value.span());
        if let Some(text) = value.get_ref().as_str() {
            return Some(Located {
                value: text,
                place: Some(place),
            });
        }
        self.wrong_type(key, value, "a string");
        None
    }

    /// A string that `parse` accepts; `form` says what it looks like.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        code: Code,
        form: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.string(key)?;
        let parsed = parse(text.value);
        if parsed.is_none() {
            let message = format!("`{}` cannot be {:?}", self.full(key), text.value);
            self.document.fail(
                Failure::new(code, message)
                    .at(text.place.as_ref(), "this")
                    .fix(format!("use {form}")),
            );
        }
        parsed
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.string(key)?;
        let found = choices.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let best = nearest(text.value, names.iter().copied());
            let message = format!("`{}` cannot be {:?}", self.full(key), text.value);
            self.document.fail(
                Failure::new(Code::BadValue, message)
                    .at(
                        text.place.as_ref(),
                        best.map_or(String::new(), |best| format!("did you mean {best:?}?")),
                    )
                    .fix(format!("write one of {}", names.join(", "))),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str) -> Option<Located<bool>> {
        let value = self.get(key)?;
        let Some(flag) = value.get_ref().as_bool() else {
            self.wrong_type(key, value, "true or false");
            return None;
        };
        let place = Some(self.document.place(value.span()));
        Some(Located { value: flag, place })
    }

    /// A number of at least one.
    pub(super) fn count(&self, key: &'static str) -> Option<usize> {
        let value = self.get(key)?;
        let parsed = value.get_ref().as_integer().and_then(|number| {
            usize::from_str_radix(number.as_str(), number.radix())
                .ok()
                .filter(|&count| count > 0)
        });
        if parsed.is_none() {
            self.wrong_type(key, value, "a whole number above zero");
        }
        parsed
    }

    /// A list of strings; absent is empty.
    pub(super) fn strings(&self, key: &'static str) -> Vec<Located<&'d str>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of strings");
            return Vec::new();
        };
        let mut strings = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => {
                    let place = Some(self.document.place(item.span()));
                    strings.push(Located { value: text, place });
                }
                None => self.wrong_type(key, item, "a list of strings"),
            }
        }
        strings
    }

    /// A table below this one.
    pub(super) fn table(&self, key: &'static str) -> Option<Reader<'d>> {
        let value = self.get(key)?;
        if let Some(table) = value.get_ref().as_table() {
            // The table's own span is that of its contents; the key is what a reader looks for.
            let span = self.key_span(key).unwrap_or_else(|| value.span());
            return Some(Reader::new(self.document, table, span, self.full(key)));
        }
        self.wrong_type(key, value, "a table");
        None
    }

    /// Every table below this one, in the order of the file.
    pub(super) fn tables(&self) -> Vec<(Located<&'d str>, Reader<'d>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut tables = Vec::new();
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let located = Located {
                value: name,
                place: Some(self.document.place(key.span())),
            };
            match value.get_ref().as_table() {
                Some(table) => {
                    let path = self.full(name);
                    tables.push((located, Reader::new(self.document, table, key.span(), path)));
                }
                None => self.wrong_type(name, value, "a table"),
            }
        }
        tables
    }

    /// A number, whole or not.
    pub(super) fn number(&self, key: &'static str) -> Option<f64> {
        let value = self.get(key)?;
        let number = value.get_ref();
        let parsed = number
            .as_integer()
            .and_then(|whole| i64::from_str_radix(whole.as_str(), whole.radix()).ok())
            .and_then(|whole| whole.to_string().parse().ok())
            .or_else(|| number.as_float()?.as_str().parse::<f64>().ok())
            .filter(|number| number.is_finite());
        if parsed.is_none() {
            self.wrong_type(key, value, "a number");
        }
        parsed
    }

    /// A list of tables, `[[path.key]]`; absent is empty.
    pub(super) fn table_list(&self, key: &'static str) -> Vec<Reader<'d>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in array {
            match item.get_ref().as_table() {
                Some(table) => {
                    let path = self.full(key);
                    tables.push(Reader::new(self.document, table, item.span(), path));
                }
                None => self.wrong_type(key, item, "a list of tables"),
            }
        }
        tables
    }

    /// The keys that have been asked for so far.
    pub(super) fn asked_for(&self) -> Vec<&'static str> {
        self.known.borrow().clone()
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.table.get_key_value(key).map(|(key, _)| key.span())
    }

    /// Reports a key that has to be there.
    pub(super) fn missing(&self, key: &'static str, example: &str) {
        let message = format!("`{}` is missing", self.full(key));
        let place = self.place();
        self.document.fail(
            Failure::new(Code::MissingKey, message)
                .at(Some(&place), "in this table")
                .fix(format!("add {example}")),
        );
    }

    /// Reports every key that nobody asked for. Call it last.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let place = self.document.place(key.span());
            let best = nearest(name, known.iter().copied());
            let label = best.map_or_else(
                || "nothing reads this".to_owned(),
                |best| format!("did you mean `{best}`?"),
            );
            let fix = match best {
                Some(best) => format!("write `{best}`"),
                None => format!("remove it, or use one of {}", known.join(", ")),
            };
            let message = format!("unknown key `{}`", self.full(name));
            self.document.fail(
                Failure::new(Code::UnknownKey, message)
                    .at(Some(&place), label)
                    .fix(fix),
            );
        }
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let place = self.document.place(value.span());
        let message = format!("`{}` must be {wanted}", self.full(key));
        let label = format!("this is {}", article(value.get_ref().type_str()));
        self.document.fail(
            Failure::new(Code::WrongType, message)
                .at(Some(&place), label)
                .fix(format!("write {wanted}")),
        );
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
