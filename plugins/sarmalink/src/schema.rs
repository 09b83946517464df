//! Whether a value is what a JSON Schema asks for: a subset, told in full by the README.
//!
//! A keyword outside of the subset is refused before anything is asked, so that "valid" never means "valid
//! as far as we looked". References stay inside of the schema; every walk has an end.

use std::cell::Cell;

use serde_json::{Map, Value};

/// How deep schemas may be nested, references included.
const DEEPEST: usize = 48;
/// How many steps one validation may take.
const MOST_STEPS: u32 = 100_000;
/// The largest schema, in bytes of JSON.
pub(crate) const LARGEST: usize = 16 << 10;

/// Words that say nothing about whether a value is valid.
const ANNOTATIONS: &[&str] = &[
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];

/// Keywords with a schema, a list of schemas or a map of schemas inside.
const ONE: &[&str] = &["items", "additionalProperties", "not"];
const LISTS: &[&str] = &["anyOf", "oneOf", "allOf", "prefixItems"];
const MAPS: &[&str] = &["properties", "$defs", "definitions"];

/// Whether the value of a keyword is one that it can have.
type Fits = fn(&Value) -> bool;

/// Keywords with a plain value, and what it must be.
const PLAIN: &[(&str, Fits)] = &[
    ("type", is_type),
    ("enum", Value::is_array),
    ("const", |_| true),
    ("required", |value| {
        value
            .as_array()
            .is_some_and(|names| names.iter().all(Value::is_string))
    }),
    ("minimum", Value::is_number),
    ("maximum", Value::is_number),
    ("exclusiveMinimum", Value::is_number),
    ("exclusiveMaximum", Value::is_number),
    ("minLength", Value::is_u64),
    ("maxLength", Value::is_u64),
    ("minItems", Value::is_u64),
    ("maxItems", Value::is_u64),
    ("minProperties", Value::is_u64),
    ("maxProperties", Value::is_u64),
    ("uniqueItems", Value::is_boolean),
    ("$ref", Value::is_string),
    ("$schema", is_standard),
];

const TYPES: &[&str] = &[
    "null", "boolean", "object", "array", "number", "string", "integer",
];

/// A vocabulary of another author may give other meanings to all words.
fn is_standard(value: &Value) -> bool {
    let name = value.as_str().unwrap_or_default();
    ["http://json-schema.org/", "https://json-schema.org/"]
        .iter()
        .any(|start| name.starts_with(start))
}

fn is_type(value: &Value) -> bool {
    let known = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
    known(value)
        || value
            .as_array()
            .is_some_and(|names| !names.is_empty() && names.iter().all(known))
}

/// A schema that this file understands in full.
#[derive(Clone, Debug)]
pub(crate) struct Schema(Value);

impl Schema {
    /// Takes a schema, or says what in it cannot be checked.
    pub(crate) fn new(schema: &Map<String, Value>) -> Result<Self, String> {
        let root = Value::Object(schema.clone());
        if root.to_string().len() > LARGEST {
            return Err(format!("it is larger than {LARGEST} bytes"));
        }
        understand(&root, &root, 0)?;
        Ok(Self(root))
    }

    /// The first thing that is wrong with `value`, in words.
    pub(crate) fn violation(&self, value: &Value) -> Option<String> {
        let walk = Walk {
            root: &self.0,
            steps: Cell::new(0),
        };
        walk.check(&self.0, value, "", 0).err()
    }
}

/// Refuses what is not understood.
fn understand(schema: &Value, root: &Value, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("it is nested too deeply".to_owned());
    }
    let Some(members) = schema.as_object() else {
        return if schema.is_boolean() {
            Ok(())
        } else {
            Err("each schema in it must be an object, true or false".to_owned())
        };
    };
    for (keyword, value) in members {
        let word = keyword.as_str();
        let wrong = || format!("`{word}` has a value that it cannot have");
        if ONE.contains(&word) {
            understand(value, root, depth + 1)?;
        } else if LISTS.contains(&word) {
            for inner in value.as_array().ok_or_else(wrong)? {
                understand(inner, root, depth + 1)?;
            }
        } else if MAPS.contains(&word) {
            for inner in value.as_object().ok_or_else(wrong)?.values() {
                understand(inner, root, depth + 1)?;
            }
        } else if let Some((_, fits)) = PLAIN.iter().find(|(name, _)| *name == word) {
            if !fits(value) {
                return Err(wrong());
            }
        } else if !ANNOTATIONS.contains(&word) {
            let shown: String = word.chars().take(40).collect();
            return Err(format!("`{shown}` cannot be checked here; leave it out"));
        }
    }
    match members.get("$ref").and_then(Value::as_str) {
        Some(reference) if resolve(root, reference).is_none() => {
            Err("a `$ref` must point into the schema itself, such as #/$defs/name".to_owned())
        }
        _ => Ok(()),
    }
}

fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    let is_definition = pointer.starts_with("/$defs/") || pointer.starts_with("/definitions/");
    (pointer.is_empty() || is_definition)
        .then(|| root.pointer(pointer))
        .flatten()
}

struct Walk<'a> {
    root: &'a Value,
    steps: Cell<u32>,
}

impl Walk<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Result<(), String> {
        self.step(depth)?;
        let fails = |what: String| {
            let place: String = at.chars().take(200).collect();
            Err(if place.is_empty() {
                what
            } else {
                format!("at `{place}`: {what}")
            })
        };
        let Some(members) = schema.as_object() else {
            return if schema == &Value::Bool(false) {
                fails("nothing is allowed here".to_owned())
            } else {
                Ok(())
            };
        };
        for (keyword, rule) in members {
            let holds = |schema: &Value| self.check(schema, value, at, depth + 1);
            match (keyword.as_str(), rule) {
                ("$ref", Value::String(reference)) => {
                    if let Some(target) = resolve(self.root, reference) {
                        holds(target)?;
                    }
                }
                ("type", rule) if !has_type(value, rule) => {
                    return fails(format!("it must be of type {}", names(rule)));
                }
                ("enum", Value::Array(choices))
                    if !choices.iter().any(|choice| equal(choice, value)) =>
                {
                    return fails("it must be one of the values in `enum`".to_owned());
                }
                ("const", rule) if !equal(rule, value) => {
                    return fails("it must be the value of `const`".to_owned());
                }
                ("allOf", Value::Array(all)) => all.iter().try_for_each(holds)?,
                ("anyOf", Value::Array(any)) if self.count(any, value, at, depth)? == 0 => {
                    return fails("it fits none of `anyOf`".to_owned());
                }
                ("oneOf", Value::Array(any)) if self.count(any, value, at, depth)? != 1 => {
                    return fails("it must fit exactly one of `oneOf`".to_owned());
                }
                ("not", rule) if self.count(std::slice::from_ref(rule), value, at, depth)? == 1 => {
                    return fails("it fits what `not` excludes".to_owned());
                }
                (keyword, rule) => {
                    if let Some(what) = limit(keyword, rule, value) {
                        return fails(what);
                    }
                }
            }
        }
        self.inside(members, value, at, depth)
    }

    /// What is in an object or a list.
    fn inside(
        &self,
        members: &Map<String, Value>,
        value: &Value,
        at: &str,
        depth: usize,
    ) -> Result<(), String> {
        match value {
            Value::Object(map) => {
                let rules = members.get("properties").and_then(Value::as_object);
                for (name, inner) in map {
                    let rule = rules
                        .and_then(|rules| rules.get(name))
                        .or_else(|| members.get("additionalProperties"));
                    if let Some(rule) = rule {
                        self.check(rule, inner, &format!("{at}/{name}"), depth + 1)?;
                    }
                }
            }
            Value::Array(list) => {
                let first = members.get("prefixItems").and_then(Value::as_array);
                for (index, inner) in list.iter().enumerate() {
                    let rule = first
                        .and_then(|first| first.get(index))
                        .or_else(|| members.get("items"));
                    if let Some(rule) = rule {
                        self.check(rule, inner, &format!("{at}/{index}"), depth + 1)?;
                    }
                    if members.get("uniqueItems") == Some(&Value::Bool(true)) {
                        self.step(depth)?;
                        if list[..index].iter().any(|other| equal(other, inner)) {
                            return Err(format!("at `{at}/{index}`: it must not occur twice"));
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&self, any: &[Value], value: &Value, at: &str, depth: usize) -> Result<usize, String> {
        let fitting = any
            .iter()
            .filter(|schema| self.check(schema, value, at, depth + 1).is_ok());
        let fitting = fitting.count();
        // An alternative that could not be walked to its end fits nothing, and must not be taken for "not".
        self.step(depth)?;
        Ok(fitting)
    }

    fn step(&self, depth: usize) -> Result<(), String> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if depth > DEEPEST {
            // Never forgotten: an endless reference is no valid alternative either.
            self.steps.set(MOST_STEPS);
        }
        if steps >= MOST_STEPS || depth > DEEPEST {
            return Err(
                "the schema is too complicated to be checked against this answer".to_owned(),
            );
        }
        Ok(())
    }
}

/// Whether two values are one: `1` and `1.0` are, in JSON Schema.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_i128(), other.as_i128()) {
            (Some(one), Some(other)) => one == other,
            _ => one.as_f64() == other.as_f64(),
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(name, value)| other.get(name).is_some_and(|other| equal(value, other));
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

fn has_type(value: &Value, rule: &Value) -> bool {
    let is = |name: &Value| match (name.as_str().unwrap_or_default(), value) {
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("object", Value::Object(_))
        | ("array", Value::Array(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_)) => true,
        ("integer", Value::Number(number)) => {
            !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        _ => false,
    };
    rule.as_array()
        .map_or_else(|| is(rule), |names| names.iter().any(is))
}

fn names(rule: &Value) -> String {
    match rule.as_array() {
        Some(names) => names
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        None => rule.as_str().unwrap_or_default().to_owned(),
    }
}

/// What is wrong by a rule about a number, a length or a name.
fn limit(keyword: &str, rule: &Value, value: &Value) -> Option<String> {
    let number = || Some((value.as_f64()?, rule.as_f64()?));
    let length = |kind: &str| {
        let length = match (kind, value) {
            ("Length", Value::String(text)) => text.chars().count(),
            ("Items", Value::Array(list)) => list.len(),
            ("Properties", Value::Object(map)) => map.len(),
            _ => return None,
        };
        Some((length as u64, rule.as_u64()?))
    };
    let broken = match keyword {
        "minimum" => number().is_some_and(|(is, least)| is < least),
        "maximum" => number().is_some_and(|(is, most)| is > most),
        "exclusiveMinimum" => number().is_some_and(|(is, least)| is <= least),
        "exclusiveMaximum" => number().is_some_and(|(is, most)| is >= most),
        "required" => {
            let missing = value.as_object().and_then(|map| {
                let names = rule.as_array()?.iter().filter_map(Value::as_str);
                names.into_iter().find(|name| !map.contains_key(*name))
            });
            return missing.map(|name| format!("`{name}` is missing"));
        }
        _ => match keyword.split_at_checked(3) {
            Some(("min", kind)) => length(kind).is_some_and(|(is, least)| is < least),
            Some(("max", kind)) => length(kind).is_some_and(|(is, most)| is > most),
            _ => false,
        },
    };
    broken.then(|| format!("it breaks `{keyword}` = {rule}"))
}

#[cfg(test)]
mod tests;
