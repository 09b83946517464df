use super::super::parse;
use super::*;

const START: &str = r#"
[server]
name = "x"

[plugins.sqlite]

[[plugins.sqlite.tool]]
"#;

/// A tool with all that it must have.
const TOOL: &str = r#"
name = "orders"
description = "Orders of a customer."
scope = "read"
sql = "SELECT 1"
"#;

fn read(tool: &str) -> DeclaredEntry {
    let manifest = parse("m", format!("{START}{tool}")).unwrap();
    manifest.plugins[0].declared[0].clone()
}

/// What is said against a tool, and in which line of it.
fn refused(tool: &str) -> Vec<(Code, String, usize)> {
    let error = parse("m", format!("{START}{tool}")).unwrap_err();
    let before = START.lines().count();
    let told = error.0.iter().map(|failure| {
        let (place, _) = failure.place.as_ref().expect("each has a place");
        let (line, _) = place.line_and_column();
        (
            failure.code,
            failure.message.clone(),
            line.saturating_sub(before),
        )
    });
    told.collect()
}

#[test]
fn what_every_tool_has_is_read_and_the_rest_is_the_plugins() {
    let entry = read(
        r#"
        name = "orders"
        title = "Orders"
        description = " Orders of a customer. "
        scope = "shop:write"
        timeout = "1500ms"
        gate = "shop"
        rate = "60/60s"
        idempotent = true
        sql = "SELECT :customer"
        tables = ["orders"]
        params = [
            { name = "customer", type = "integer", description = "Its number.", minimum = 1 },
            { name = "state", type = "string", description = "Which.", choices = ["open", "paid"], default = "open" },
            { name = "note", type = "string", description = "Words.", required = false, max_length = 20 },
        ]
        "#,
    );
    assert_eq!(entry.description, "Orders of a customer.");
    assert_eq!(entry.timeout, Some(1500));
    assert_eq!(entry.rate.unwrap().to_string(), "60/m");
    let hints = entry.hints;
    assert_eq!(
        (
            hints.read_only,
            hints.destructive,
            hints.idempotent,
            hints.open_world
        ),
        (false, true, true, false)
    );
    let body: Vec<&String> = entry.body.keys().collect();
    assert_eq!(body, ["sql", "tables"]);
    let required: Vec<bool> = entry.parameters.iter().map(|it| it.required).collect();
    assert_eq!(required, [true, false, false]);
    assert_eq!(entry.parameters[0].minimum, Some(1.0));
    assert_eq!(entry.parameters[1].default, Some("open".into()));
    assert_eq!(entry.parameters[2].maximum, Some(20.0));
}

#[test]
fn a_tool_for_readers_only_reads_unless_it_says_otherwise() {
    let hints = read(TOOL).hints;
    assert!(hints.read_only && !hints.destructive && hints.idempotent);
    let hints = read(&format!("{TOOL}read_only = false")).hints;
    assert!(!hints.read_only && hints.destructive && !hints.idempotent);
}

#[test]
fn what_is_missing_is_told_at_once() {
    let told = refused("sql = \"SELECT 1\"");
    let keys: Vec<&str> = told
        .iter()
        .map(|(_, message, _)| message.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "`plugins.sqlite.tool.name` is missing",
            "`plugins.sqlite.tool.description` is missing",
            "`plugins.sqlite.tool.scope` is missing",
        ]
    );
    assert!(told.iter().all(|(code, ..)| *code == Code::MissingKey));
}

#[test]
fn what_cannot_be_is_refused_where_it_stands() {
    for (line, code, expected) in [
        (
            "name = \"a b\"",
            Code::BadName,
            "`plugins.sqlite.tool.name` cannot be \"a b\"",
        ),
        (
            "description = \" \"",
            Code::BadValue,
            "`plugins.sqlite.tool.description` cannot be \" \"",
        ),
        (
            "scope = \"Read\"",
            Code::BadName,
            "`plugins.sqlite.tool.scope` cannot be \"Read\"",
        ),
        (
            "timeout = \"0s\"",
            Code::BadValue,
            "`plugins.sqlite.tool.timeout` cannot be \"0s\"",
        ),
        (
            "rate = \"often\"",
            Code::BadValue,
            "`plugins.sqlite.tool.rate` cannot be \"often\"",
        ),
        (
            "gate = \"The Gate\"",
            Code::BadName,
            "`plugins.sqlite.tool.gate` cannot be \"The Gate\"",
        ),
        (
            "destructive = true",
            Code::Conflict,
            "a tool that only reads cannot be destructive",
        ),
        (
            "params = 4",
            Code::WrongType,
            "`plugins.sqlite.tool.params` must be a list of tables",
        ),
    ] {
        let key = line.split(' ').next().unwrap();
        let mut lines: Vec<&str> = TOOL.lines().filter(|it| !it.starts_with(key)).collect();
        lines.push(line);
        let told = refused(&lines.join("\n"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].0, told[0].1.as_str()), (code, expected));
        assert_eq!(told[0].2, lines.len(), "{line}");
    }
}

#[test]
fn a_parameter_that_contradicts_itself_is_refused() {
    let parameter = |rest: &str| {
        let told = refused(&format!(
            "{TOOL}params = [{{ name = \"p\", description = \"D.\", {rest} }}]"
        ));
        assert_eq!(told.len(), 1, "{rest}: {told:?}");
        told[0].1.clone()
    };
    for (rest, expected) in [
        (
            "type = \"text\"",
            "`plugins.sqlite.tool.params.type` cannot be \"text\"",
        ),
        (
            "type = \"integer\", choices = [\"a\"]",
            "the parameter `p` has `choices`, which only strings have",
        ),
        (
            "type = \"boolean\", minimum = 1",
            "the parameter `p` is a boolean with limits",
        ),
        (
            "type = \"number\", minimum = 2, maximum = 1.5",
            "the parameter `p` has limits that nothing lies between",
        ),
        (
            "type = \"number\", minimum = \"2\"",
            "`plugins.sqlite.tool.params.minimum` must be a number",
        ),
        (
            "type = \"number\", minimum = nan",
            "`plugins.sqlite.tool.params.minimum` must be a number",
        ),
        (
            "type = \"string\", maximum = 2",
            "unknown key `plugins.sqlite.tool.params.maximum`",
        ),
        (
            "type = \"string\", default = 2",
            "the parameter `p` has a default that it would refuse itself",
        ),
        (
            "type = \"integer\", default = 2.5",
            "the parameter `p` has a default that it would refuse itself",
        ),
        (
            "type = \"integer\", default = 2, minimum = 3",
            "the parameter `p` has a default that it would refuse itself",
        ),
        (
            "type = \"string\", default = \"abc\", max_length = 2",
            "the parameter `p` has a default that it would refuse itself",
        ),
        (
            "type = \"string\", default = \"c\", choices = [\"a\"]",
            "the parameter `p` has a default that it would refuse itself",
        ),
        (
            "type = \"string\", default = \"c\", required = true",
            "a required parameter needs no default",
        ),
        (
            "type = \"string\", requird = true",
            "unknown key `plugins.sqlite.tool.params.requird`",
        ),
    ] {
        assert_eq!(parameter(rest), expected);
    }
}

#[test]
fn two_parameters_have_two_names() {
    let told = refused(&format!(
        "{TOOL}params = [{{ name = \"p\", description = \"D.\", type = \"string\" }}, \
         {{ name = \"p\", description = \"D.\", type = \"number\" }}]"
    ));
    assert_eq!(told[0].1, "two parameters are called `p`, or nearly so");
    let told = refused(&format!(
        "{TOOL}params = [{{ name = \"p\", description = \"D.\", type = \"string\" }}, \
         {{ name = \"P\", description = \"D\\u200B.\", type = \"number\" }}]"
    ));
    assert_eq!(told[0].1, "two parameters are called `P`, or nearly so");
    assert_eq!(told[1].1, "a description holds characters that nobody sees");
    let nameless = refused(&format!("{TOOL}params = [{{ }}]"));
    assert_eq!(nameless.len(), 3, "{nameless:?}");
}
