//! One row in a text of JSON, put in, changed or taken out; everything else stays as it is, to the byte:
//! comments, order, indentation, line ends.

use std::sync::Arc;

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode},
};
use serde_json::Value;

use super::broken;
use crate::error::{Result, Source};

/// A file's text that has been understood.
#[derive(Debug)]
pub(crate) struct Json {
    source: Arc<Source>,
    root: CstRootNode,
    /// Whether it begins with a mark of its byte order, which is kept.
    marked: bool,
}

const MARK: char = '\u{feff}';

/// What clients read: comments and commas at the end, and none of the stranger spellings.
const DIALECT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

impl Json {
    /// Reads the text of the file at `path`, which is a name for messages.
    ///
    /// # Errors
    /// When it is not JSON, with the place.
    pub(super) fn parse(path: &str, text: &str) -> Result<Self> {
        let marked = text.starts_with(MARK);
        let text = text.trim_start_matches(MARK);
        let source = Arc::new(Source {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        let root = CstRootNode::parse(text, &DIALECT).map_err(|error| {
            let range = error.range();
            let message = error.kind().to_string().to_lowercase();
            broken(
                &source,
                range.start..range.end,
                "is not JSON that its client can read",
                &message,
            )
        })?;
        let document = Self {
            source,
            root,
            marked,
        };
        if document.root.value().is_some() && document.root.object_value().is_none() {
            let all = 0..document.source.text.trim_end().len();
            return Err(broken(
                &document.source,
                all,
                "holds no JSON object",
                "an object is expected here",
            )
            .into());
        }
        Ok(document)
    }

    /// The row of `name` in the table; `None` where there is none.
    ///
    /// # Errors
    /// When the table is no object.
    pub(super) fn row(&self, table: &str, name: &str) -> Result<Option<Value>> {
        let Some(rows) = self.table(table)? else {
            return Ok(None);
        };
        // A row that has no value of JSON is not one that we wrote.
        Ok(rows.get(name).map(|row| {
            row.value()
                .and_then(|value| value.to_serde_value())
                .unwrap_or_default()
        }))
    }

    /// All rows of the table, by name.
    ///
    /// # Errors
    /// When the table is no object.
    pub(super) fn rows(&self, table: &str) -> Result<Vec<(String, Value)>> {
        let rows = self.table(table)?.and_then(|rows| rows.to_serde_value());
        let rows = rows
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        Ok(rows
            .map(|(name, row)| (name.clone(), row.clone()))
            .collect())
    }

    /// Puts a row in, in the place of the one that has its name. Of that, what is the same stays as it is written.
    ///
    /// # Errors
    /// When the table is no object.
    pub(super) fn put(&self, table: &str, name: &str, row: &Value) -> Result<()> {
        let rows = match self.table(table)? {
            Some(rows) => rows,
            None => self.root.object_value_or_set().object_value_or_set(table),
        };
        match rows.get(name) {
            Some(there) => set(&there, row),
            None => drop(rows.append(name, input(row))),
        }
        Ok(())
    }

    /// Takes a row out. The table stays, also when it is empty.
    ///
    /// # Errors
    /// When the table is no object.
    pub(super) fn take(&self, table: &str, name: &str) -> Result<()> {
        if let Some(row) = self.table(table)?.and_then(|rows| rows.get(name)) {
            row.remove();
        }
        Ok(())
    }

    /// The text as it is now.
    pub(super) fn text(&self) -> String {
        let mut text = self.root.to_string();
        if self.marked {
            text.insert(0, MARK);
        }
        if self.source.text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    fn table(&self, table: &str) -> Result<Option<CstObject>> {
        let Some(property) = self
            .root
            .object_value()
            .and_then(|object| object.get(table))
        else {
            return Ok(None);
        };
        if let Some(rows) = property.object_value() {
            return Ok(Some(rows));
        }
        let text = &self.source.text;
        let start = text.find(&format!("\"{table}\"")).unwrap_or_default();
        let end = (start + table.len() + 2).min(text.len());
        let problem = format!("has a {table:?} that is no object");
        Err(broken(
            &self.source,
            start..end,
            &problem,
            "an object is expected here",
        )
        .into())
    }
}

/// Makes a member have this value.
fn set(member: &CstObjectProp, value: &Value) {
    let (Some(there), Some(members)) = (member.object_value(), value.as_object()) else {
        let there = member.value().and_then(|there| there.to_serde_value());
        if there.as_ref() != Some(value) {
            member.set_value(input(value));
        }
        return;
    };
    for property in there.properties() {
        let name = property.name().and_then(|name| name.decoded_value().ok());
        if name.is_none_or(|name| !members.contains_key(&name)) {
            property.remove();
        }
    }
    for (name, value) in members {
        match there.get(name) {
            Some(member) => set(&member, value),
            None => drop(there.append(name, input(value))),
        }
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(value) => CstInputValue::Number(value.to_string()),
        Value::String(value) => CstInputValue::String(value.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(values) => CstInputValue::Object(
            values
                .iter()
                .map(|(key, value)| (key.clone(), input(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(text: &str) -> String {
        let document = Json::parse("mcp.json", text).unwrap();
        document
            .put(
                "servers",
                "files",
                &json!({"command": "/x", "args": ["a \"b\""]}),
            )
            .unwrap();
        document.text()
    }

    const ROW: &str =
        "\"files\": {\n      \"command\": \"/x\",\n      \"args\": [\"a \\\"b\\\"\"]\n    }";

    #[test]
    fn what_is_there_stays_to_the_byte() {
        let before = "{\n  // Ours.\n  \"a\" : 1,\n  \"servers\": {\n    \"x\": { \"command\": \"y\" } // keep\n  },\n  \"z\":[1,2]\n}\n";
        let after = put(before);
        let added = format!("{{ \"command\": \"y\" }}, // keep\n    {ROW}");
        assert_eq!(
            after,
            before.replace("{ \"command\": \"y\" } // keep", &added),
            "{after}"
        );
        let document = Json::parse("mcp.json", &after).unwrap();
        document.take("servers", "files").unwrap();
        assert_eq!(document.row("servers", "files").unwrap(), None);
        assert!(document.text().contains("// keep") && document.text().contains("\"z\":[1,2]"));
    }

    #[test]
    fn a_table_is_made_where_there_is_none() {
        for text in ["", "{}", "\u{feff}{}\r\n", "  \n"] {
            let after = put(text);
            let read: Value = serde_json::from_str(after.trim_start_matches(MARK)).unwrap();
            assert_eq!(read["servers"]["files"]["args"][0], "a \"b\"");
            assert_eq!(after.starts_with(MARK), text.starts_with(MARK));
        }
    }

    #[test]
    fn a_row_of_the_same_name_is_replaced_where_it_is() {
        let after = put("{\n\t\"servers\": {\n\t\t\"files\": 1,\n\t\t\"b\": 2\n\t}\n}");
        let read: Value = serde_json::from_str(&after).unwrap();
        assert_eq!(read["servers"]["files"]["command"], "/x");
        assert_eq!(
            read["servers"]
                .as_object()
                .unwrap()
                .keys()
                .collect::<Vec<_>>(),
            ["files", "b"]
        );
        assert!(after.contains("\n\t\t\t\"command\""), "{after}");
    }

    #[test]
    fn a_broken_file_is_told_with_its_place() {
        for (text, line, column, words) in [
            (
                "{\n  \"servers\": {\n    \"a\": {},\n    oops\n  }\n}",
                4,
                5,
                "is not JSON",
            ),
            ("[1]", 1, 1, "holds no JSON object"),
            (
                "{\n  \"servers\": []\n}",
                2,
                3,
                "has a \"servers\" that is no object",
            ),
        ] {
            let document = Json::parse("mcp.json", text);
            let error = document
                .and_then(|document| document.put("servers", "x", &json!({})))
                .unwrap_err();
            let failure = &error.0[0];
            assert!(failure.message.contains(words), "{}", failure.message);
            let (place, _) = failure.place.as_ref().unwrap();
            assert_eq!(place.line_and_column(), (line, column), "{text}");
        }
    }
}
