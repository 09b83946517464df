//! What a line asks for, and how the words behind a tool's name become its arguments.

use serde_json::{Map, Value};

/// Words of a line as a shell would split it: blanks between them, quotes around some.
pub(super) fn split(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut begun) = (Vec::new(), String::new(), false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                begun = true;
                loop {
                    match letters.next() {
                        None => return Err(format!("a {letter} has no end")),
                        Some(next) if next == letter => break,
                        Some('\\') if letter == '"' => word.extend(letters.next()),
                        Some(next) => word.push(next),
                    }
                }
            }
            blank if blank.is_whitespace() => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            letter => word.push(letter),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// The first word of a line and the rest of it.
pub(super) fn first(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace)
        .map_or((line, ""), |(first, rest)| (first, rest.trim()))
}

/// A parameter of a tool or a prompt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) required: bool,
    /// JSON Schema's word for its type; empty when it says none.
    pub(crate) kind: String,
    pub(crate) description: String,
    /// The values that it may have, where they are listed.
    pub(crate) choices: Vec<String>,
}

/// The parameters that a schema of an object lists, in its order.
pub(super) fn parameters(schema: &Value) -> Vec<Parameter> {
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|there| there == name));
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let kind = |property: &Value| match &property["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default()
            .to_owned(),
        kind => kind.as_str().unwrap_or_default().to_owned(),
    };
    properties
        .iter()
        .map(|(name, property)| Parameter {
            name: name.clone(),
            required: is_required(name),
            kind: kind(property),
            description: property["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            choices: property["enum"]
                .as_array()
                .into_iter()
                .flatten()
                .map(plain)
                .collect(),
        })
        .collect()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The arguments behind a name: a JSON object, `key=value` words, or the text of the one parameter that a tool wants.
pub(super) fn arguments(
    rest: &str,
    parameters: &[Parameter],
) -> Result<Map<String, Value>, String> {
    if rest.starts_with('{') {
        return match serde_json::from_str(rest) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err("the arguments are no JSON object".to_owned()),
            Err(error) => Err(format!("the arguments are not JSON: {error}")),
        };
    }
    let named = |word: &str| {
        let (key, value) = word.split_once('=')?;
        parameters
            .iter()
            .find(|parameter| parameter.name == key)
            .map(|parameter| (parameter, value.to_owned()))
    };
    let words = split(rest);
    if let Ok(words) = &words
        && words.iter().all(|word| named(word).is_some())
    {
        let pairs = words.iter().filter_map(|word| named(word));
        return pairs
            .map(|(parameter, text)| Ok((parameter.name.clone(), value(parameter, &text)?)))
            .collect();
    }
    let mut wanted = parameters.iter().filter(|parameter| parameter.required);
    let only = match (wanted.next(), wanted.next()) {
        (Some(only), None) => only,
        (None, _) if parameters.len() == 1 => &parameters[0],
        _ => {
            let all: Vec<&str> = parameters
                .iter()
                .map(|parameter| parameter.name.as_str())
                .collect();
            return Err(format!("write NAME=VALUE for each of: {}", all.join(", ")));
        }
    };
    // One quoted word loses its quotes, anything else is meant as it stands.
    let text = match words?.as_slice() {
        [word] => word.clone(),
        _ => rest.to_owned(),
    };
    Ok(Map::from_iter([(only.name.clone(), value(only, &text)?)]))
}

/// The text of one argument as its type wants it.
pub(super) fn value(parameter: &Parameter, text: &str) -> Result<Value, String> {
    let name = &parameter.name;
    match parameter.kind.as_str() {
        "string" => Ok(Value::String(text.to_owned())),
        "" => Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))),
        // `a,b` is a list to a person.
        "array" if !text.trim_start().starts_with('[') => Ok(text
            .split(',')
            .map(|item| {
                serde_json::from_str(item).unwrap_or_else(|_| Value::String(item.trim().to_owned()))
            })
            .collect()),
        kind => {
            let value: Value = serde_json::from_str(text)
                .map_err(|_| format!("{name} is {text:?}, and has to be of type {kind}"))?;
            let fits = match kind {
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                "boolean" => value.is_boolean(),
                "object" => value.is_object(),
                "array" => value.is_array(),
                _ => true,
            };
            fits.then_some(value)
                .ok_or_else(|| format!("{name} is {text:?}, and has to be of type {kind}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Vec<Parameter> {
        parameters(&json!({
            "type": "object",
            "properties": {
                "text": { "type": "string", "description": "What to say." },
                "times": { "type": ["integer", "null"] },
                "tags": { "type": "array" },
                "loud": { "type": "boolean" },
            },
            "required": ["text"],
        }))
    }

    fn read(rest: &str) -> Result<Value, String> {
        arguments(rest, &schema()).map(Value::Object)
    }

    #[test]
    fn the_shorthand_gives_the_one_that_is_wanted() {
        assert_eq!(read("hi there").unwrap(), json!({"text": "hi there"}));
        assert_eq!(read("'hi  there'").unwrap(), json!({"text": "hi  there"}));
        assert_eq!(read("a=b").unwrap(), json!({"text": "a=b"}));
        assert_eq!(read("").unwrap(), json!({}));
    }

    #[test]
    fn named_words_and_objects_are_typed() {
        assert_eq!(
            read("text=\"a b\" times=3 tags=x,2 loud=true").unwrap(),
            json!({"text": "a b", "times": 3, "tags": ["x", 2], "loud": true})
        );
        assert_eq!(read("{\"text\": 1}").unwrap(), json!({"text": 1}));
        for (rest, words) in [
            ("times=x", "has to be of type integer"),
            ("times=1.5", "has to be of type integer"),
            ("loud=1", "has to be of type boolean"),
            ("{\"text\"", "are not JSON"),
            ("text='x", "has no end"),
        ] {
            let error = read(rest).unwrap_err();
            assert!(error.contains(words), "{rest}: {error}");
        }
        let two = parameters(&json!({"properties": {"a": {}, "b": {}}, "required": ["a", "b"]}));
        assert!(
            arguments("x", &two)
                .unwrap_err()
                .contains("NAME=VALUE for each of: a, b")
        );
    }
}
