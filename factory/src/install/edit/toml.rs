//! The row in a text of TOML, on `toml_edit`: comments, order and spelling of everything else stay.

use std::{ops::Range, sync::Arc};

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike};

use super::broken;
use crate::error::{Result, Source};

/// A file's text that has been understood.
#[derive(Debug)]
pub(crate) struct Toml {
    source: Arc<Source>,
    document: DocumentMut,
    /// Where the members of the root begin, for messages.
    spans: Vec<(String, Range<usize>)>,
}

impl Toml {
    pub(super) fn parse(path: &str, text: &str) -> Result<Self> {
        let source = Arc::new(Source {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        let parsed = toml_edit::Document::parse(text).map_err(|error| {
            let message = error.message().trim().replace('\n', ", ");
            let problem = "is not TOML that its client can read";
            broken(&source, error.span().unwrap_or_default(), problem, &message)
        })?;
        let span = |(name, item): (&str, &Item)| Some((name.to_owned(), item.span()?));
        let toml = Self {
            spans: parsed.iter().filter_map(span).collect(),
            document: parsed.into_mut(),
            source,
        };
        if toml.text() != text {
            // Its lines end in more than one way, say: whoever wrote it so shall not find it another.
            let problem = "is written in a way that cannot be kept";
            let label = "add the server by hand";
            return Err(broken(&toml.source, 0..0, problem, label).into());
        }
        Ok(toml)
    }

    pub(super) fn row(&self, table: &str, name: &str) -> Result<Option<Value>> {
        let rows = self.table(table)?;
        Ok(rows.and_then(|rows| rows.get(name)).map(as_json))
    }

    pub(super) fn rows(&self, table: &str) -> Result<Vec<(String, Value)>> {
        let rows = self.table(table)?.into_iter().flat_map(TableLike::iter);
        Ok(rows
            .map(|(name, row)| (name.to_owned(), as_json(row)))
            .collect())
    }

    pub(super) fn put(&mut self, table: &str, name: &str, row: &Value) -> Result<()> {
        self.table(table)?;
        let is_empty = self.document.is_empty();
        let is_inline = self.document.get(table).is_some_and(Item::is_inline_table);
        let rows = self.document.entry(table).or_insert_with(|| {
            // Only its rows have headings.
            let mut rows = Table::new();
            rows.set_implicit(true);
            Item::Table(rows)
        });
        let Some(rows) = rows.as_table_like_mut() else {
            return Ok(());
        };
        let members = row.as_object().cloned().unwrap_or_default();
        match rows.get_mut(name) {
            Some(there) => set(there, row),
            // Beside others that stand on one line, on one line.
            None if is_inline => {
                rows.insert(name, Item::Value(as_toml(row)));
            }
            None => {
                let mut added = Table::new();
                for (key, member) in &members {
                    added.insert(key, Item::Value(as_toml(member)));
                }
                if !is_empty {
                    added.decor_mut().set_prefix("\n");
                }
                rows.insert(name, Item::Table(added));
            }
        }
        Ok(())
    }

    pub(super) fn take(&mut self, table: &str, name: &str) -> Result<()> {
        self.table(table)?;
        let rows = self.document.get_mut(table);
        if let Some(rows) = rows.and_then(Item::as_table_like_mut) {
            rows.remove(name);
        }
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        let text = self.document.to_string();
        // What is added ends its lines as the others do.
        if self.source.text.contains("\r\n") {
            return text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        text
    }

    fn table(&self, table: &str) -> Result<Option<&dyn TableLike>> {
        let Some(item) = self.document.get(table) else {
            return Ok(None);
        };
        if let Some(rows) = item.as_table_like() {
            return Ok(Some(rows));
        }
        let span = self.spans.iter().find(|(name, _)| name == table);
        let span = span.map(|(_, span)| span.clone()).unwrap_or_default();
        let problem = format!("has a {table:?} that is no table");
        Err(broken(&self.source, span, &problem, "a table is expected here").into())
    }
}

/// Makes an item have this value; what is the same in it stays as it is written.
fn set(item: &mut Item, value: &Value) {
    if as_json(item) == *value {
        return;
    }
    let (Some(there), Some(members)) = (item.as_table_like_mut(), value.as_object()) else {
        let mut new = as_toml(value);
        if let Some(old) = item.as_value() {
            new.decor_mut().clone_from(old.decor());
        }
        *item = Item::Value(new);
        return;
    };
    let gone: Vec<String> = there
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| !members.contains_key(key))
        .collect();
    for key in gone {
        there.remove(&key);
    }
    for (key, member) in members {
        match there.get_mut(key) {
            Some(item) => set(item, member),
            None => drop(there.insert(key, Item::Value(as_toml(member)))),
        }
    }
}

fn as_json(item: &Item) -> Value {
    if let Some(table) = item.as_table_like() {
        let members = table
            .iter()
            .map(|(key, member)| (key.to_owned(), as_json(member)));
        return Value::Object(members.collect::<Map<_, _>>());
    }
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables
            .iter()
            .map(|table| as_json(&Item::Table(table.clone())));
        return tables.collect();
    }
    item.as_value().map(value_as_json).unwrap_or_default()
}

fn value_as_json(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Float(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(flag) => (*flag.value()).into(),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(values) => values.iter().map(value_as_json).collect(),
        toml_edit::Value::InlineTable(table) => {
            let members = table
                .iter()
                .map(|(key, member)| (key.to_owned(), value_as_json(member)));
            Value::Object(members.collect())
        }
    }
}

/// What we write has no null; one would be an empty text.
fn as_toml(value: &Value) -> toml_edit::Value {
    match value {
        Value::Null => "".into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => values.iter().map(as_toml).collect::<Array>().into(),
        Value::Object(members) => {
            let mut table = InlineTable::new();
            for (key, member) in members {
                table.insert(key, as_toml(member));
            }
            table.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row() -> Value {
        json!({"command": "/x", "args": ["a \"b\""], "env": {"A": "1"}})
    }

    fn put(text: &str) -> String {
        let mut document = Toml::parse("config.toml", text).unwrap();
        document.put("mcp_servers", "files", &row()).unwrap();
        document.text()
    }

    const ADDED: &str =
        "[mcp_servers.files]\ncommand = \"/x\"\nargs = ['a \"b\"']\nenv = { A = \"1\" }\n";

    #[test]
    fn what_is_there_stays_to_the_byte() {
        for before in [
            "# Mine.\nmodel   = \"gpt\"   # keep\n\n[mcp_servers.\"a b\"]\ncommand='y'\n\n[tui]\n\nnotifications=[1,  2]\n",
            "[mcp_servers]\n# None yet.\n\n[projects.\"/home/x\"]\ntrust_level = \"trusted\" # yes\n",
            "model = \"gpt\"\n# The end.\n",
        ] {
            let after = put(before);
            for line in before.lines() {
                assert!(after.contains(line), "{line:?} is not in\n{after}");
            }
            assert!(after.contains(ADDED), "{after}");
            let mut document = Toml::parse("config.toml", &after).unwrap();
            assert_eq!(document.row("mcp_servers", "files").unwrap(), Some(row()));
            document.take("mcp_servers", "files").unwrap();
            assert_eq!(document.text(), before);
        }
    }

    #[test]
    fn a_table_is_made_where_there_is_none() {
        assert_eq!(put(""), ADDED);
        assert_eq!(
            put("a = 1\r\n"),
            format!("a = 1\n\n{ADDED}").replace('\n', "\r\n")
        );
        let inline = put("mcp_servers = { x = { command = \"y\" } } # one line\n");
        assert!(inline.starts_with("mcp_servers = { x = { command = \"y\" }"));
        assert!(inline.ends_with("# one line\n"), "{inline}");
        let document = Toml::parse("config.toml", &inline).unwrap();
        assert_eq!(document.row("mcp_servers", "files").unwrap(), Some(row()));
        assert_eq!(document.rows("mcp_servers").unwrap().len(), 2);
    }

    #[test]
    fn a_row_of_the_same_name_is_replaced_where_it_is() {
        let after = put(
            "[mcp_servers.files]\n# Why.\ncommand = \"/x\" # same\nurl = \"u\"\n\n[mcp_servers.files.env]\nB = \"2\"\n\n[tui]\n",
        );
        let document = Toml::parse("config.toml", &after).unwrap();
        assert_eq!(document.row("mcp_servers", "files").unwrap(), Some(row()));
        assert!(after.starts_with("[mcp_servers.files]\n# Why.\ncommand = \"/x\" # same\n"));
        assert!(after.ends_with("\n[tui]\n"), "{after}");
    }

    #[test]
    fn a_broken_file_is_told_with_its_place() {
        for (text, line, column, words) in [
            ("a = 1\n[mcp_servers.x\n", 2, 15, "is not TOML"),
            ("a = 1\nmcp_servers = []\n", 2, 15, "that is no table"),
            ("a = 1\r\nb = 2\n", 1, 1, "cannot be kept"),
        ] {
            let document = Toml::parse("config.toml", text);
            let error = document
                .and_then(|mut document| document.put("mcp_servers", "x", &json!({})))
                .unwrap_err();
            let failure = &error.0[0];
            assert!(failure.message.contains(words), "{}", failure.message);
            let (place, _) = failure.place.as_ref().unwrap();
            assert_eq!(place.line_and_column(), (line, column), "{text}");
        }
    }
}
