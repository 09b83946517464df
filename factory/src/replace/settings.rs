//! What a server's command line said, as settings of the plugin that replaces it.

use mcp_factory_sdk::visible;
use toml::{Table, Value};

/// Settings, and what is left to do by hand.
type Settings = (Table, Vec<String>);

/// `arguments` are the words after the package, `environment` the names of the variables that were set.
pub(super) fn of(plugin: &str, arguments: &[String], environment: &[String]) -> Settings {
    match plugin {
        "fs" => fs(arguments),
        "sqlite" => sqlite(arguments),
        "postgres" => secret(
            "url",
            variable(
                environment,
                &["DATABASE_URI", "DATABASE_URL", "POSTGRES_URL"],
            ),
            "set it to the postgresql://… address; the plugin only reads unless `mode` is \"readwrite\"",
        ),
        "github" => {
            let token = ["GITHUB_PERSONAL_ACCESS_TOKEN", "GITHUB_TOKEN"];
            let (mut table, mut notes) = secret(
                "token",
                variable(environment, &token),
                "set it to the token that the client had",
            );
            table.insert("repos".to_owned(), Value::Array(Vec::new()));
            notes.push(
                "name the repositories in `repos`, such as [\"my-org/*\"]: no other is reached"
                    .to_owned(),
            );
            (table, notes)
        }
        "slack" => secret(
            "token",
            variable(environment, &["SLACK_BOT_TOKEN"]),
            "set it to the bot's token, and name the channels in `channels`",
        ),
        "linear" => secret(
            "token",
            variable(environment, &["LINEAR_API_TOKEN", "LINEAR_API_KEY"]),
            "set it to the API key, and name the teams in `teams`",
        ),
        "notion" => secret(
            "token",
            variable(
                environment,
                &["NOTION_TOKEN", "NOTION_API_KEY", "OPENAPI_MCP_HEADERS"],
            ),
            "set it to the integration's token, and name the pages in `roots`",
        ),
        "time" => option(arguments, "--local-timezone", "local_timezone"),
        "git" => git(arguments),
        "shell" => noted("declare each command with [[plugins.shell.tool]]: nothing else runs"),
        "code" => noted("scripts are in Rhai, without files and without a network"),
        "s3" => noted("name the buckets, and where they are, in its settings"),
        "memory" => noted("name its file in `path`; `import` takes over that of the server before"),
        _ => (Table::new(), Vec::new()),
    }
}

fn noted(note: &str) -> Settings {
    (Table::new(), vec![note.to_owned()])
}

/// Directories are the arguments that look like paths: another word may be what an option was given, and so a
/// secret.
fn fs(arguments: &[String]) -> Settings {
    let writes = !arguments.iter().any(|word| word == "--read-only");
    let directories = arguments.iter().filter(|word| is_path(word));
    let roots: Vec<Value> = directories
        .map(|path| Value::String(path.clone()))
        .collect();
    let note = if roots.is_empty() {
        "name the directories in `roots`"
    } else if writes {
        "each root is read-only; for writing, say { name = \"…\", path = \"…\", mode = \"rw\" }"
    } else {
        return (
            Table::from_iter([("roots".to_owned(), Value::Array(roots))]),
            Vec::new(),
        );
    };
    (
        Table::from_iter([("roots".to_owned(), Value::Array(roots))]),
        vec![note.to_owned()],
    )
}

fn sqlite(arguments: &[String]) -> Settings {
    let (mut table, _) = option(arguments, "--db-path", "path");
    if table.is_empty() {
        table = arguments
            .iter()
            .find(|word| is_path(word))
            .map(|path| ("path".to_owned(), Value::String(path.clone())))
            .into_iter()
            .collect();
    }
    (
        table,
        vec!["it only reads unless `mode` is \"readwrite\"".to_owned()],
    )
}

/// Whether a word is a path and nothing else, and reads as what it is.
fn is_path(word: &str) -> bool {
    let drive = word
        .as_bytes()
        .get(1..3)
        .is_some_and(|rest| rest == b":\\" || rest == b":/");
    (word.starts_with(['/', '.', '~', '$']) || drive)
        && visible(word) == word
        && !word.contains('\n')
}

fn git(arguments: &[String]) -> Settings {
    let (table, _) = option(arguments, "--repository", "path");
    let repository = table.get("path").cloned();
    let Some(path) = repository.or_else(|| value(arguments, "-r")) else {
        return noted("name the repositories in `repositories`: no other is opened");
    };
    let name = path
        .as_str()
        .and_then(|path| path.trim_end_matches('/').rsplit('/').next())
        .unwrap_or("repository")
        .to_owned();
    let entry = Table::from_iter([
        ("name".to_owned(), Value::String(name)),
        ("path".to_owned(), path),
    ]);
    (
        Table::from_iter([(
            "repositories".to_owned(),
            Value::Array(vec![Value::Table(entry)]),
        )]),
        Vec::new(),
    )
}

/// The setting `key` with the value of an option, if that was given.
fn option(arguments: &[String], name: &str, key: &str) -> Settings {
    let pair = value(arguments, name).map(|value| (key.to_owned(), value));
    (pair.into_iter().collect(), Vec::new())
}

/// `--name value` or `--name=value`.
fn value(arguments: &[String], name: &str) -> Option<Value> {
    let joined = arguments.iter().find_map(|word| {
        let rest = word.strip_prefix(name)?;
        rest.strip_prefix('=').map(str::to_owned)
    });
    let apart = || {
        let index = arguments.iter().position(|word| word == name)?;
        arguments.get(index + 1).cloned()
    };
    let value = joined.or_else(apart)?;
    (visible(&value) == value).then_some(Value::String(value))
}

/// A secret stays where it is: the setting names the variable.
fn secret(key: &str, variable: &str, what: &str) -> Settings {
    let note = format!("{variable} stays in the environment: {what}");
    let reference = Value::String(format!("env:{variable}"));
    (Table::from_iter([(key.to_owned(), reference)]), vec![note])
}

/// The one that the client sets, or else the first.
fn variable<'a>(environment: &[String], names: &[&'a str]) -> &'a str {
    let set = names
        .iter()
        .find(|name| environment.iter().any(|variable| variable == *name));
    set.or_else(|| names.first()).copied().unwrap_or_default()
}
