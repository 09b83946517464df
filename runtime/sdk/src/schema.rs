//! From Rust types to the JSON Schema (2020-12) that clients and models read.
//!
//! `schemars` does the types; here its output is brought to one stable, lean form: no titles made of
//! type names, no machine formats, no `null` beside an optional type, no bare `true`.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    })
}

fn generator() -> SchemaGenerator {
    settings().into_generator()
}

/// What `null` means where a type is optional.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Null {
    /// The same as leaving the value out, which is what is advertised.
    IsLeftOut,
    /// A value that is written: wherever the value itself is.
    IsWritten,
}

/// The schema of `T` as it is written, when its values are objects. The 2025-11-25 revision admits no others
/// as output.
///
/// A field that is left out when it is empty is not required, and one that is always written is, as `null`
/// too: clients hold an answer against its schema to the letter.
pub(crate) fn of_object<T: JsonSchema>() -> Option<Value> {
    let generator = settings().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    let root = schema.as_object_mut()?;
    root.shift_remove("$schema");
    root.shift_remove("title");
    root.shift_remove("description");
    tidy(&mut schema, Null::IsWritten);
    (schema.get("type")? == "object").then_some(schema)
}

/// The schema of a plugin's configuration, complete with its own title and description.
pub(crate) fn of_config<T: JsonSchema>() -> Value {
    let mut schema = generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema, Null::IsLeftOut);
    schema
}

/// A closed object schema, built property by property in the order of the function's parameters.
#[derive(Debug)]
pub struct ObjectSchema {
    generator: SchemaGenerator,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Default for ObjectSchema {
    fn default() -> Self {
        Self {
            generator: generator(),
            properties: Map::new(),
            required: Vec::new(),
        }
    }
}

impl ObjectSchema {
    /// A schema without properties.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the property `name` of type `T`. `more` are members laid over the type's schema: limits and
    /// the default.
    #[must_use]
    pub fn property<T: JsonSchema>(
        mut self,
        name: &str,
        description: &str,
        required: bool,
        more: &[(&str, Value)],
    ) -> Self {
        let mut schema = self.generator.subschema_for::<T>().to_value();
        tidy(&mut schema, Null::IsLeftOut);
        if !schema.is_object() {
            schema = json!({});
        }
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), description.into());
            for (key, value) in more {
                members.insert((*key).to_owned(), value.clone());
            }
        }
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.into());
        }
        self
    }

    /// The finished schema.
    pub fn finish(mut self) -> Value {
        let mut schema = json!({ "type": "object", "properties": self.properties });
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        schema["additionalProperties"] = false.into();
        let mut definitions = Value::Object(self.generator.take_definitions(true));
        if definitions.as_object().is_some_and(|map| !map.is_empty()) {
            if let Some(map) = definitions.as_object_mut() {
                for schema in map.values_mut() {
                    tidy(schema, Null::IsLeftOut);
                }
            }
            schema["$defs"] = definitions;
        }
        schema
    }
}

/// Brings one schema and all below it to our form.
fn tidy(schema: &mut Value, null: Null) {
    let Some(members) = schema.as_object_mut() else {
        if schema == &Value::Bool(true) {
            // `true` and `{}` mean the same; some clients refuse the first.
            *schema = json!({});
        }
        return;
    };
    // "uint32" and the like are Rust's words; the bounds beside them say it in the schema's own.
    if members
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(is_rust_format)
    {
        members.shift_remove("format");
    }
    if null == Null::IsLeftOut {
        drop_null(members);
    }
    drop_optional_null(members);
    for (key, value) in members.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "$defs" | "patternProperties", Value::Object(map)) => {
                for schema in map.values_mut() {
                    tidy(schema, null);
                }
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                for schema in list {
                    tidy(schema, null);
                }
            }
            ("items" | "additionalProperties", value) if *value != Value::Bool(false) => {
                tidy(value, null);
            }
            _ => {}
        }
    }
}

/// A property that need not be there is never there as `null`.
fn drop_optional_null(members: &mut Map<String, Value>) {
    let required = members.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        let mut names = required.as_array().into_iter().flatten();
        names.any(|required| required == name)
    };
    let Some(Value::Object(properties)) = members.get_mut("properties") else {
        return;
    };
    for (name, schema) in properties.iter_mut() {
        if let (false, Value::Object(schema)) = (is_required(name), schema) {
            drop_null(schema);
        }
    }
}

fn is_rust_format(format: &str) -> bool {
    matches!(format, "float" | "double")
        || format
            .strip_prefix("uint")
            .or_else(|| format.strip_prefix("int"))
            .is_some_and(|bits| bits.is_empty() || bits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An optional value may be left out; that it may also be `null` is tolerated and not advertised.
fn drop_null(members: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = members.get_mut(key) else {
            continue;
        };
        choices.retain(|choice| choice != &json!({ "type": "null" }));
        if let [only] = choices.as_slice() {
            let only = only.clone();
            members.shift_remove(key);
            if let Value::Object(inner) = only {
                for (name, value) in inner {
                    members.entry(name).or_insert(value);
                }
            }
        }
    }
    if members.get("default") == Some(&Value::Null) {
        members.shift_remove("default");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the schema is read")]
    struct Edit {
        /// What to replace.
        old: String,
        count: Option<u8>,
        anything: Value,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only the schema is read")]
    enum Mode {
        Create,
        Overwrite,
    }

    #[test]
    fn an_object_is_closed_and_in_order() {
        let schema = ObjectSchema::new()
            .property::<String>("path", "Where.", true, &[("minLength", 1.into())])
            .property::<Option<Mode>>("mode", "How.", false, &[])
            .property::<Option<Vec<Edit>>>("edits", "What.", false, &[("maxItems", 8.into())])
            .finish();
        assert_eq!(
            schema.to_string(),
            json!({
                "type": "object",
                "properties": {
                    "path": { "type": "string", "description": "Where.", "minLength": 1 },
                    "mode": { "type": "string", "enum": ["create", "overwrite"], "description": "How." },
                    "edits": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "old": { "description": "What to replace.", "type": "string" },
                                "count": { "type": "integer", "minimum": 0, "maximum": 255 },
                                "anything": {}
                            },
                            "additionalProperties": false,
                            "required": ["old", "anything"]
                        },
                        "description": "What.",
                        "maxItems": 8
                    }
                },
                "required": ["path"],
                "additionalProperties": false
            })
            .to_string()
        );
    }

    #[derive(JsonSchema, serde::Serialize)]
    struct Answer {
        always: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sometimes: Option<u8>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        several: Vec<Option<String>>,
        #[serde(default)]
        usual: bool,
    }

    #[test]
    fn an_output_is_described_as_it_is_written() {
        let schema = of_object::<Answer>().expect("an object");
        assert_eq!(schema["required"], json!(["always", "usual"]));
        let properties = &schema["properties"];
        assert_eq!(properties["always"]["type"], json!(["integer", "null"]));
        assert_eq!(properties["sometimes"]["type"], "integer");
        assert_eq!(
            properties["several"]["items"]["type"],
            json!(["string", "null"])
        );
    }

    #[test]
    fn only_objects_have_an_output_schema() {
        assert!(of_object::<String>().is_none());
        assert!(of_object::<Vec<Edit>>().is_none());
        assert!(of_object::<Edit>().is_some());
    }
}
