//! JSON into values of a script, and back.

use rhai::{Array, Dynamic, FLOAT, INT, Map};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// How deep a result may be nested. What reads it, here or elsewhere, goes down by calling itself.
const DEEPEST: usize = 64;

/// Why a value is no JSON that could be returned, in words for the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum NoJson {
    #[error(
        "the result holds a value of type {0}, which JSON does not have; return texts, numbers, truth values, arrays and maps"
    )]
    Kind(String),
    #[error("the result holds {0}, which JSON does not have; return a finite number")]
    NotFinite(String),
    #[error("the result is nested deeper than {DEEPEST} levels; return something flatter")]
    Deep,
    #[error("the result is longer than {0} bytes of JSON; return less, such as a summary")]
    Long(usize),
}

/// The value of a script that a JSON value is.
pub(crate) fn into_script(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => (whole as INT).into(),
            // Whole numbers beyond 63 bits lose their last digits, as they do in most readers of JSON.
            None => number.as_f64().unwrap_or(FLOAT::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(values) => {
            let values: Array = values.into_iter().map(into_script).collect();
            values.into()
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let map: Map = fields
                .map(|(key, value)| (key.into(), into_script(value)))
                .collect();
            map.into()
        }
    }
}

/// The JSON value that a script's is. `room` is how many bytes of JSON are left; it is used up.
pub(crate) fn from_script(value: Dynamic, most: usize) -> Result<Value, NoJson> {
    let mut room = most;
    convert(value, 0, &mut room).map_err(|error| match error {
        NoJson::Long(_) => NoJson::Long(most),
        error => error,
    })
}

fn convert(value: Dynamic, depth: usize, room: &mut usize) -> Result<Value, NoJson> {
    if depth > DEEPEST {
        return Err(NoJson::Deep);
    }
    // At least so long in JSON: a sign, quotes or brackets, and what separates it from the next.
    let mut take = |bytes: usize| match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            Ok(())
        }
        None => Err(NoJson::Long(0)),
    };
    if value.is_unit() {
        take(5)?;
        return Ok(Value::Null);
    }
    if let Ok(value) = value.as_bool() {
        take(6)?;
        return Ok(Value::Bool(value));
    }
    if let Ok(whole) = value.as_int() {
        take(whole.to_string().len() + 1)?;
        return Ok(Value::Number(whole.into()));
    }
    if let Ok(number) = value.as_float() {
        let json = Number::from_f64(number).ok_or(NoJson::NotFinite(number.to_string()))?;
        take(json.to_string().len() + 1)?;
        return Ok(Value::Number(json));
    }
    if let Ok(character) = value.as_char() {
        take(escaped(&character.to_string()))?;
        return Ok(Value::String(character.to_string()));
    }
    if value.is_string() {
        let text = value.into_string().unwrap_or_default();
        take(escaped(&text))?;
        return Ok(Value::String(text));
    }
    let kind = value.type_name().to_owned();
    if value.is_array() {
        take(3)?;
        let values = value.into_array().unwrap_or_default().into_iter();
        let values: Result<_, _> = values
            .map(|value| convert(value, depth + 1, room))
            .collect();
        return Ok(Value::Array(values?));
    }
    if let Some(map) = value.try_cast::<Map>() {
        take(3)?;
        let mut fields = serde_json::Map::new();
        for (key, value) in map {
            match room.checked_sub(escaped(&key)) {
                Some(left) => *room = left,
                None => return Err(NoJson::Long(0)),
            }
            fields.insert(key.to_string(), convert(value, depth + 1, room)?);
        }
        return Ok(Value::Object(fields));
    }
    Err(NoJson::Kind(kind))
}

/// How long a text is in JSON, with its quotes and what separates it from the next.
fn escaped(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum::<usize>() + 3
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        for value in [
            json!(null),
            json!(true),
            json!(-5),
            json!(i64::MIN),
            json!(1.5),
            json!("a\"é\n"),
            json!([1, [2, "x"], {}]),
            json!({ "a": { "b": [null] }, "": 0 }),
        ] {
            assert_eq!(from_script(into_script(value.clone()), 1000), Ok(value));
        }
        let large = from_script(into_script(json!(u64::MAX)), 1000).expect("a float");
        assert_eq!(large, json!(18_446_744_073_709_551_615_f64));
        assert_eq!(from_script('é'.into(), 1000), Ok(json!("é")));
    }

    #[test]
    fn what_is_no_json_is_told() {
        let error = |value: Dynamic| from_script(value, 1000).expect_err("refused").to_string();
        assert!(error((0..5_i64).into_dynamic()).contains("which JSON does not have"));
        assert!(error(FLOAT::NAN.into()).contains("NaN"));
        assert!(error(FLOAT::INFINITY.into()).contains("finite"));
        let deep = (0..65).fold(Dynamic::UNIT, |inner, _| Array::from([inner]).into());
        assert!(error(deep).contains("deeper than 64"));
        let good = (0..64).fold(Dynamic::UNIT, |inner, _| Array::from([inner]).into());
        assert!(from_script(good, 1000).is_ok());
    }

    #[test]
    fn its_length_is_known_before_it_is_written() {
        for value in [
            json!("a\u{1}\"\\\n"),
            json!([[], {}, [1, 2.5, true, null]]),
            json!({ "k\"": [-1] }),
        ] {
            let length = value.to_string().len();
            let long = from_script(into_script(value.clone()), length - 1);
            assert_eq!(long, Err(NoJson::Long(length - 1)), "{value}");
            assert!(from_script(into_script(value), length + 20).is_ok());
        }
    }

    trait IntoDynamic {
        fn into_dynamic(self) -> Dynamic;
    }

    impl IntoDynamic for std::ops::Range<i64> {
        fn into_dynamic(self) -> Dynamic {
            Dynamic::from(self)
        }
    }
}
