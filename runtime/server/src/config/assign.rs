//! `--set KEY=VALUE`: a dotted path and a TOML value, or a plain string.

use toml::de::{DeTable, DeValue};

/// The assignment as one line of TOML.
pub(super) fn to_toml(assignment: &str) -> Result<String, String> {
    let (key, value) = assignment
        .split_once('=')
        .ok_or("write KEY=VALUE, such as `http.max_body=\"8MiB\"`")?;
    let (key, value) = (key.trim(), value.trim());
    if !is_key(key) {
        return Err(format!(
            "`{key}` is no setting: write a dotted path such as `http.max_body`"
        ));
    }
    match DeValue::parse(value) {
        Ok(_) => Ok(format!("{key} = {value}")),
        // What opens like TOML was meant as TOML, so its mistake is told.
        Err(error) if value.starts_with(['[', '{', '"', '\'']) => Err(format!(
            "the value is not TOML: {}; if the shell took quotes away, put the whole of it in single \
                 quotes, as in --set 'KEY=[\"a\"]'",
            error.message().trim()
        )),
        Err(_) => Ok(format!("{key} = {}", toml::Value::from(value))),
    }
}

/// Exactly one dotted key, so that a line cannot smuggle in another setting.
fn is_key(key: &str) -> bool {
    let line = format!("{key} = 0");
    let Ok(table) = DeTable::parse(&line) else {
        return false;
    };
    let mut table = table.get_ref();
    loop {
        match (
            table.len(),
            table.values().next().map(toml::Spanned::get_ref),
        ) {
            (1, Some(DeValue::Table(inner))) => table = inner,
            (1, Some(DeValue::Integer(_))) => return !key.contains('\n'),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::to_toml;

    #[test]
    fn toml_first_then_a_string() {
        for (assignment, line) in [
            ("http.max_body=\"8MiB\"", "http.max_body = \"8MiB\""),
            ("http.max_body = 8MiB", "http.max_body = \"8MiB\""),
            (
                "plugins.fs.roots=[\"/srv\"]",
                "plugins.fs.roots = [\"/srv\"]",
            ),
            ("plugins.\"a.b\".c=true", "plugins.\"a.b\".c = true"),
            ("a.b=x=y", "a.b = \"x=y\""),
            ("a.b=", "a.b = \"\""),
            ("a.b=two words", "a.b = \"two words\""),
        ] {
            assert_eq!(to_toml(assignment).unwrap(), line);
        }
    }

    #[test]
    fn what_is_no_assignment_says_how_to_write_one() {
        assert!(to_toml("http.max_body").unwrap_err().contains("KEY=VALUE"));
        assert!(to_toml("a b=1").unwrap_err().contains("dotted path"));
        assert!(to_toml("=1").unwrap_err().contains("dotted path"));
        assert!(to_toml("a=[1").unwrap_err().contains("not TOML"));
        assert!(to_toml("[http]\nmax_body=1").is_err());
    }

    #[test]
    fn a_value_cannot_smuggle_in_another_setting() {
        let line = to_toml("a.b=1\nhttp.listen = \"0.0.0.0:80\"").unwrap();
        let table: toml::Table = toml::from_str(&line).unwrap();
        assert_eq!(table.len(), 1, "{line}");
    }
}
