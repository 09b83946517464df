//! `params = [{ … }]` of a declared tool: what it takes, and that its limits and default make sense.

use std::collections::BTreeSet;

use mcp_factory_sdk::{ParameterKind, visible};

use crate::{
    error::{Code, Failure},
    names::ParameterName,
};

use super::reader::{Document, Reader};

/// A parameter of a declared tool.
#[derive(Clone, Debug)]
pub struct DeclaredParameter {
    /// Its name on the wire.
    pub name: ParameterName,
    /// What it is.
    pub description: String,
    /// What its values are.
    pub kind: ParameterKind,
    /// Whether a call must have it.
    pub required: bool,
    /// What it is when a call leaves it out, as JSON.
    pub default: Option<serde_json::Value>,
    /// For strings: the only values.
    pub choices: Vec<String>,
    /// For numbers: the least value; for strings: the fewest characters.
    pub minimum: Option<f64>,
    /// For numbers: the greatest value; for strings: the most characters.
    pub maximum: Option<f64>,
}

/// The largest whole number that a float holds exactly, 2^53.
const LARGEST: f64 = 9_007_199_254_740_992.0;

const KINDS: &[(&str, ParameterKind)] = &[
    ("string", ParameterKind::Text),
    ("integer", ParameterKind::Integer),
    ("number", ParameterKind::Number),
    ("boolean", ParameterKind::Boolean),
];

/// Reads the list; `plain` is the tool's table without places.
pub(super) fn read_parameters(
    document: &Document,
    tool: &Reader<'_>,
    plain: &toml::Table,
) -> Vec<DeclaredParameter> {
    let tables = plain.get("params").and_then(toml::Value::as_array);
    let tables = tables.map(Vec::as_slice).unwrap_or_default();
    let mut parameters: Vec<DeclaredParameter> = Vec::new();
    for (index, table) in tool.table_list("params").into_iter().enumerate() {
        let default = tables.get(index).and_then(|table| table.get("default"));
        let Some(parameter) = read_parameter(document, table, default) else {
            continue;
        };
        let name = &parameter.name;
        let same =
            |earlier: &DeclaredParameter| earlier.name.as_str().eq_ignore_ascii_case(name.as_str());
        if parameters.iter().any(same) {
            document.fail(
                Failure::new(
                    Code::Conflict,
                    format!("two parameters are called `{name}`, or nearly so"),
                )
                .at(Some(&tool.place()), "in this tool")
                .fix("rename one of them"),
            );
        }
        parameters.push(parameter);
    }
    parameters
}

fn read_parameter(
    document: &Document,
    table: Reader<'_>,
    default: Option<&toml::Value>,
) -> Option<DeclaredParameter> {
    let name = table.parsed(
        "name",
        Code::BadName,
        ParameterName::FORM,
        ParameterName::parse,
    );
    if !table.has("name") {
        table.missing("name", "name = \"customer\"");
    }
    let kind = table.one_of("type", KINDS);
    if !table.has("type") {
        table.missing(
            "type",
            "type = \"string\", \"integer\", \"number\" or \"boolean\"",
        );
    }
    let description = table.string("description");
    let description = description.map(|text| text.value.trim().to_owned());
    let hidden = description.as_ref().filter(|text| visible(text) != **text);
    if hidden.is_some() {
        document.fail(
            Failure::new(
                Code::BadValue,
                "a description holds characters that nobody sees",
            )
            .at(Some(&table.place()), "in this parameter")
            .fix("write it anew: what nobody sees is still read by a model"),
        );
    }
    if description.as_ref().is_none_or(String::is_empty) {
        table.missing("description", "description = \"…\": what to pass");
    }
    let has_default = table.has("default");
    let required = table.flag("required").map(|flag| flag.value);
    if required == Some(true) && has_default {
        let place = table.key_span("default").map(|span| document.place(span));
        document.fail(
            Failure::new(Code::Conflict, "a required parameter needs no default")
                .at(place.as_ref(), "nothing uses this")
                .fix("remove `default`, or `required`"),
        );
    }
    let has_choices = table.has("choices");
    let choices = table.strings("choices");
    let choices: Vec<String> = choices
        .into_iter()
        .map(|choice| choice.value.to_owned())
        .collect();
    let text = kind == Some(ParameterKind::Text);
    let (least, most) = if text {
        ("min_length", "max_length")
    } else {
        ("minimum", "maximum")
    };
    let (minimum, maximum) = (table.number(least), table.number(most));
    let parameter = DeclaredParameter {
        default: default.and_then(|value| serde_json::to_value(value).ok()),
        required: required.unwrap_or(!has_default),
        name: name?,
        description: description.filter(|text| !text.is_empty())?,
        kind: kind?,
        choices,
        minimum,
        maximum,
    };
    let no_choice = (has_choices && parameter.choices.is_empty())
        .then_some("has an empty list of `choices`: no value would do");
    if let Some(problem) = no_choice.or_else(|| parameter.problem()) {
        document.fail(
            Failure::new(
                Code::BadValue,
                format!("the parameter `{}` {problem}", parameter.name),
            )
            .at(Some(&table.place()), "this parameter")
            .fix("correct its `default`, `choices` or limits"),
        );
    }
    table.finish();
    Some(parameter)
}

impl DeclaredParameter {
    /// What contradicts itself.
    fn problem(&self) -> Option<&'static str> {
        if !self.choices.is_empty() && self.kind != ParameterKind::Text {
            return Some("has `choices`, which only strings have");
        }
        if self.kind == ParameterKind::Boolean && (self.minimum, self.maximum) != (None, None) {
            return Some("is a boolean with limits");
        }
        let mut bounds = [self.minimum, self.maximum].into_iter().flatten();
        let is_count = |bound: f64| bound.fract() == 0.0 && (0.0..=LARGEST).contains(&bound);
        let is_whole = |bound: f64| bound.fract() == 0.0 && bound.abs() <= LARGEST;
        match self.kind {
            ParameterKind::Text if !bounds.all(is_count) => {
                return Some("has a length that is no whole number from zero up");
            }
            ParameterKind::Integer if !bounds.all(is_whole) => {
                return Some("is an integer with a limit that is none, or beyond 2^53");
            }
            _ => {}
        }
        let distinct: BTreeSet<&String> = self.choices.iter().collect();
        if distinct.len() < self.choices.len() {
            return Some("has a choice twice");
        }
        if let (Some(least), Some(most)) = (self.minimum, self.maximum)
            && least > most
        {
            return Some("has limits that nothing lies between");
        }
        let default = self.default.as_ref()?;
        let fits = match self.kind {
            ParameterKind::Text => default.as_str().is_some_and(|text| {
                self.choices.is_empty() || self.choices.iter().any(|choice| choice == text)
            }),
            ParameterKind::Integer => default.is_i64(),
            ParameterKind::Number => default.is_number(),
            ParameterKind::Boolean => default.is_boolean(),
        };
        let size = match default.as_str() {
            Some(text) => u32::try_from(text.chars().count()).ok().map(f64::from),
            None => default.as_f64(),
        };
        let inside = size.is_none_or(|size| {
            self.minimum.is_none_or(|least| size >= least)
                && self.maximum.is_none_or(|most| size <= most)
        });
        (!fits || !inside).then_some("has a default that it would refuse itself")
    }
}
