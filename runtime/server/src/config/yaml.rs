//! A YAML file as the tables that a TOML file is read into, each value at its place.
//!
//! YAML 1.2: `yes` and `no` are words. What a configuration has no use for, and what makes one file mean
//! more than it shows, is refused: anchors and aliases, tags, several documents, keys twice.

use std::borrow::Cow;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// How far tables and lists may stand in each other.
const DEEPEST: usize = 64;

/// What is wrong, and where.
pub(super) type Fault = (Range<usize>, String);

/// Reads the file. `expand` replaces variables in a value before its type is told, but in no profile that is not
/// `chosen`.
///
/// # Errors
/// The first thing that is no YAML, or none that is read here.
pub(super) fn parse(
    text: &str,
    chosen: Option<&str>,
    expand: &mut dyn FnMut(&str, Range<usize>) -> String,
) -> Result<DeTable<'static>, Fault> {
    // Places are told in characters there and in bytes here.
    let mut offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    offsets.push(text.len());
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        offsets,
        chosen,
        path: Vec::new(),
        expand,
    };
    reader.document()
}

struct Reader<'t, 'e> {
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    offsets: Vec<usize>,
    chosen: Option<&'e str>,
    /// The keys around what is read now, as far as a profile is told by them: two.
    path: Vec<String>,
    expand: &'e mut dyn FnMut(&str, Range<usize>) -> String,
}

impl<'t> Reader<'t, '_> {
    fn offset(&self, index: usize) -> usize {
        let last = self.offsets.last().copied().unwrap_or_default();
        self.offsets.get(index).copied().unwrap_or(last)
    }

    fn span(&self, span: Span) -> Range<usize> {
        self.offset(span.start.index())..self.offset(span.end.index())
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Fault> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, self.span(span))),
            Some(Err(error)) => {
                let at = self.offset(error.marker().index());
                Err((at..at, format!("not YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, 0..0)),
        }
    }

    fn document(&mut self) -> Result<DeTable<'static>, Fault> {
        let mut found = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(found.unwrap_or_default()),
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if found.is_some() => {
                    return Err((
                        span,
                        "one document is read: remove what follows `---`".to_owned(),
                    ));
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    found = Some(match event {
                        // An empty document is an empty scalar.
                        Event::Scalar(text, ScalarStyle::Plain, 0, None)
                            if text.is_empty() || text == "~" =>
                        {
                            DeTable::new()
                        }
                        event => match self.value(event, span.clone(), 0)? {
                            DeValue::Table(table) => table,
                            _ => return Err((span, "write sections, such as `http:`".to_owned())),
                        },
                    });
                }
                _ => return Err((span, "not YAML".to_owned())),
            }
        }
    }

    fn value(
        &mut self,
        event: Event<'t>,
        span: Range<usize>,
        depth: usize,
    ) -> Result<DeValue<'static>, Fault> {
        if depth > DEEPEST {
            return Err((span, format!("more than {DEEPEST} levels")));
        }
        let plain = |anchor: usize, tagged: bool| match (anchor, tagged) {
            (0, false) => Ok(()),
            (0, true) => Err((
                span.clone(),
                "tags are not read: write the value as it is".to_owned(),
            )),
            _ => Err((span.clone(), ALIAS.to_owned())),
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                plain(anchor, tag.is_some())?;
                let text = if self.is_in_another_profile() {
                    text.into_owned()
                } else {
                    (self.expand)(&text, span.clone())
                };
                if style == ScalarStyle::Plain {
                    scalar(text).map_err(|message| (span, message.to_owned()))
                } else {
                    Ok(DeValue::String(Cow::Owned(text)))
                }
            }
            Event::SequenceStart(anchor, tag) => {
                plain(anchor, tag.is_some())?;
                let mut items = DeArray::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        return Ok(DeValue::Array(items));
                    }
                    let value = self.value(event, span.clone(), depth + 1)?;
                    items.push(Spanned::new(span, value));
                }
            }
            Event::MappingStart(anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.table(depth)
            }
            Event::Alias(_) => Err((span, ALIAS.to_owned())),
            _ => Err((span, "not YAML".to_owned())),
        }
    }

    fn is_in_another_profile(&self) -> bool {
        matches!(&self.path[..], [first, name] if first == "profile" && Some(name.as_str()) != self.chosen)
    }

    fn table(&mut self, depth: usize) -> Result<DeValue<'static>, Fault> {
        let mut table = DeTable::new();
        loop {
            let (event, key_span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(DeValue::Table(table)),
                Event::Scalar(key, _, 0, None) => key.into_owned(),
                _ => return Err((key_span, "a key must be one word".to_owned())),
            };
            if key == "<<" {
                return Err((key_span, ALIAS.to_owned()));
            }
            let (event, span) = self.next()?;
            let is_told = depth < 2;
            if is_told {
                self.path.push(key.clone());
            }
            let value = self.value(event, span.clone(), depth + 1)?;
            if is_told {
                self.path.pop();
            }
            if table.contains_key(key.as_str()) {
                return Err((key_span, "the key is there twice".to_owned()));
            }
            let key = Spanned::new(key_span, Cow::Owned(key));
            table.insert(key, Spanned::new(span, value));
        }
    }
}

const ALIAS: &str = "anchors and aliases are not read: write the value where it is used";

/// A word without quotes: a number, a flag or a text.
fn scalar(text: String) -> Result<DeValue<'static>, &'static str> {
    if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return Err("nothing is no value: leave the key out, or write \"\" for an empty text");
    }
    match text.as_str() {
        "true" | "True" | "TRUE" => return Ok(DeValue::Boolean(true)),
        "false" | "False" | "FALSE" => return Ok(DeValue::Boolean(false)),
        _ => {}
    }
    let is_number = text
        .trim_start_matches(['+', '-'])
        .starts_with(|first: char| first.is_ascii_digit())
        && !text.contains('_');
    let reads_as_one = || {
        DeValue::parse(&text)
            .is_ok_and(|value| value.get_ref().is_integer() || value.get_ref().is_float())
    };
    if is_number && reads_as_one() {
        // The parser's numbers borrow their digits. They are a few bytes, read once in the life of a process.
        return DeValue::parse(text.leak())
            .map(Spanned::into_inner)
            .map_err(|_| "this is no number");
    }
    Ok(DeValue::String(Cow::Owned(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DeTable<'static>, Fault> {
        parse(text, None, &mut |text, _| text.replace("${PORT}", "8080"))
    }

    #[test]
    fn tables_lists_and_words_become_what_toml_has() {
        let text = "# why\nhttp:\n  max_body: 8MiB\n  max_connections: 0x10\n  port: ${PORT}\n  text: '${PORT}'\nlog: {json: true, no: yes}\n\
                    plugins:\n  fs:\n    roots:\n      - /a\n      - \"/b: c\"\n    ratio: -0.5\n    id: 007\n    inf: inf\n";
        let table = read(text).unwrap();
        let at = |path: &[&str]| {
            let mut value = table.get(path[0]).unwrap();
            for key in &path[1..] {
                value = value.get_ref().as_table().unwrap().get(*key).unwrap();
            }
            value
        };
        assert_eq!(at(&["http", "max_body"]).get_ref().as_str(), Some("8MiB"));
        assert_eq!(
            at(&["http", "max_connections"])
                .get_ref()
                .as_integer()
                .unwrap()
                .radix(),
            16
        );
        assert_eq!(
            at(&["http", "port"])
                .get_ref()
                .as_integer()
                .unwrap()
                .as_str(),
            "8080"
        );
        assert_eq!(at(&["http", "text"]).get_ref().as_str(), Some("8080"));
        assert_eq!(at(&["log", "json"]).get_ref().as_bool(), Some(true));
        assert_eq!(at(&["log", "no"]).get_ref().as_str(), Some("yes"));
        let roots = at(&["plugins", "fs", "roots"])
            .get_ref()
            .as_array()
            .unwrap();
        assert_eq!(roots[1].get_ref().as_str(), Some("/b: c"));
        assert_eq!(&text[roots[0].span()], "/a");
        assert!(at(&["plugins", "fs", "ratio"]).get_ref().is_float());
        assert_eq!(at(&["plugins", "fs", "id"]).get_ref().as_str(), Some("007"));
        assert_eq!(
            at(&["plugins", "fs", "inf"]).get_ref().as_str(),
            Some("inf")
        );
        for empty in ["", "# nothing\n", "---\n", "{}"] {
            assert!(read(empty).unwrap().is_empty(), "{empty:?}");
        }
    }

    #[test]
    fn what_means_more_than_it_shows_is_refused_at_its_place() {
        let deep = format!("a: {}{}", "[".repeat(70), "]".repeat(70));
        for (text, line, words) in [
            ("a: &x 1\nb: *x\n", 1, "anchors"),
            ("a: {<<: 1}", 1, "anchors"),
            ("a:\n  b: !!str 1\n", 2, "tags"),
            ("a: 1\n---\nb: 1\n", 2, "one document"),
            ("a: 1\nb: 2\na: 3\n", 3, "twice"),
            ("é: 1\na:\n", 2, "no value"),
            ("- a\n", 1, "sections"),
            ("a: [1\nb: 2", 2, "not YAML"),
            (deep.as_str(), 1, "more than 64"),
        ] {
            let (span, message) = read(text).unwrap_err();
            assert!(message.contains(words), "{text:?}: {message}");
            let at = text[..span.start].matches('\n').count() + 1;
            assert!(at >= line && at <= line + 1, "{text:?}: line {at}");
        }
    }
}
