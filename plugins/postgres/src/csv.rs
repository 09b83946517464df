//! Rows as comma-separated values: RFC 4180 with line feeds. NULL is nothing, an empty string is `""`.

/// The line of names.
pub(crate) fn header<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (index, name) in names.enumerate() {
        if index > 0 {
            line.push(',');
        }
        push(&mut line, name);
    }
    line.push('\n');
    line
}

/// Adds a value that is given as JSON.
pub(crate) fn field(line: &mut String, json: &str) {
    if json == "null" {
        return;
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) if text.is_empty() => line.push_str("\"\""),
        Ok(text) => push(line, &text),
        Err(_) => push(line, json),
    }
}

fn push(line: &mut String, text: &str) {
    if !text.contains(['"', ',', '\n', '\r']) {
        line.push_str(text);
        return;
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut line = header(["a", "b,c", "d\"e"].into_iter());
        assert_eq!(line, "a,\"b,c\",\"d\"\"e\"\n");
        line.clear();
        for json in ["null", "\"\"", "1", "\"x\\ny\"", "[1,2]", "\"plain\""] {
            field(&mut line, json);
            line.push('|');
        }
        assert_eq!(line, "|\"\"|1|\"x\ny\"|\"[1,2]\"|plain|");
    }
}
