//! The text of a manifest becomes a [`Manifest`], or everything that is wrong with it at once.

use std::sync::Arc;

use toml::de::DeTable;

use crate::{
    error::{Code, Error, Failure, Place, Result, Source},
    features::ServerFeature,
    names::{ServerName, Target},
    suggest::nearest,
};

use super::{
    BuildSection, LimitsSection, Located, Manifest, Profile, ServerSection, StaticMode,
    plugin::{read_plugins, sub_table},
    reader::{Document, Reader},
};

/// The schema that this version reads.
const SCHEMA: usize = 1;

/// Reads a manifest. `path` is how the user would name the file.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub(crate) fn parse(path: &str, text: String) -> Result<Manifest> {
    let source = Arc::new(Source {
        path: path.to_owned(),
        text,
    });
    let (table, plain) = match (
        DeTable::parse(&source.text),
        toml::from_str::<toml::Table>(&source.text),
    ) {
        (Ok(table), Ok(plain)) => (table, plain),
        (Err(error), _) | (_, Err(error)) => return Err(syntax(&source, &error).into()),
    };
    let document = Document::new(Arc::clone(&source));
    let root = Reader::new(&document, table.get_ref(), 0..0, String::new());

    if root.has("schema") && root.count("schema").is_some_and(|schema| schema != SCHEMA) {
        let place = root.key_span("schema").map(|span| document.place(span));
        document.fail(
            Failure::new(
                Code::UnknownSchema,
                format!("this version of mcp-factory reads schema {SCHEMA} only"),
            )
            .at(place.as_ref(), "another schema")
            .fix("install a newer mcp-factory"),
        );
    }
    let server = read_server(&document, &root, &plain);
    let build = root.table("build").map(read_build).unwrap_or_default();
    let limits = root.table("limits").map(read_limits).unwrap_or_default();
    let plugins = root
        .table("plugins")
        .map(|plugins| read_plugins(&document, &plugins, &plain))
        .unwrap_or_default();
    if !root.has("plugins") || (plugins.is_empty() && document.is_clean()) {
        root.missing("plugins", "a plugin, such as [plugins.echo]");
    }
    root.finish();

    match (server, document.into_failures()) {
        (Some(server), failures) if failures.is_empty() => Ok(Manifest {
            source: Some(source),
            server,
            build,
            limits,
            plugins,
        }),
        (_, mut failures) => {
            failures
                .sort_by_key(|failure| failure.place.as_ref().map(|(place, _)| place.span.start));
            Err(Error(failures))
        }
    }
}

fn syntax(source: &Arc<Source>, error: &toml::de::Error) -> Failure {
    let span = error.span().unwrap_or(0..0);
    let place = Place {
        source: Arc::clone(source),
        span,
    };
    // The parser's sentence goes under the place; some of them take several lines.
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    Failure::new(Code::Syntax, format!("{} is not valid TOML", source.path))
        .at(Some(&place), message)
        .fix("correct the line; https://toml.io has the rules")
}

fn read_server(
    document: &Document,
    root: &Reader<'_>,
    plain: &toml::Table,
) -> Option<ServerSection> {
    let Some(table) = root.table("server") else {
        if document.is_clean() {
            root.missing("server", "[server] with name = \"myservice\"");
        }
        return None;
    };
    let name = table.parsed("name", Code::BadName, ServerName::FORM, ServerName::parse);
    if name.is_none() && !table.has("name") {
        table.missing("name", "name = \"myservice\"");
    }
    let version = table.parsed(
        "version",
        Code::BadValue,
        "three numbers, such as \"0.1.0\"",
        |text| semver::Version::parse(text).ok(),
    );
    let description = table.parsed(
        "description",
        Code::BadValue,
        "one or two sentences, at most 500 bytes without control characters",
        plain_text,
    );
    let read_only = table.flag("read_only");
    let features = read_features(document, &table);
    let config = if table.table("config").is_some() {
        sub_table(plain, &["server", "config"])
    } else {
        toml::Table::new()
    };
    if config.contains_key("plugins") {
        let place = table.key_span("config").map(|span| document.place(span));
        document.fail(
            Failure::new(Code::Conflict, "`server.config` holds settings of plugins")
                .at(place.as_ref(), "in here")
                .fix("move them to [plugins.NAME.config]"),
        );
    }
    table.finish();
    Some(ServerSection {
        name: name?,
        version: version.unwrap_or_else(|| semver::Version::new(0, 1, 0)),
        description: description.unwrap_or_default(),
        read_only: read_only.unwrap_or(Located {
            value: false,
            place: None,
        }),
        features,
        config,
    })
}

/// The server's own features; a name that there is none of gets the nearest one.
fn read_features(document: &Document, table: &Reader<'_>) -> Vec<ServerFeature> {
    let mut features = Vec::new();
    for text in table.strings("features") {
        if let Some(feature) = ServerFeature::parse(text.value) {
            if !features.contains(&feature) {
                features.push(feature);
            }
            continue;
        }
        let best = nearest(text.value, ServerFeature::names());
        let label = best.map_or_else(
            || "no such feature".to_owned(),
            |best| format!("did you mean `{best}`?"),
        );
        let fix = match best {
            Some(best) => format!("write `{best}`"),
            None => format!(
                "use {}",
                ServerFeature::names().collect::<Vec<_>>().join(", ")
            ),
        };
        document.fail(
            Failure::new(
                Code::BadName,
                format!("servers have no feature {:?}", text.value),
            )
            .at(text.place.as_ref(), label)
            .fix(fix),
        );
    }
    features
}

/// Text that reads the same wherever it is shown: in a terminal, in a list of servers, in a file of ours.
fn plain_text(text: &str) -> Option<String> {
    let hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    (text.len() <= 500 && !text.chars().any(hidden)).then(|| text.to_owned())
}

fn read_build(table: Reader<'_>) -> BuildSection {
    let section = BuildSection {
        profile: table.one_of("profile", Profile::ALL),
        target: table.parsed("target", Code::BadName, Target::FORM, Target::parse),
        static_mode: table.one_of("static", StaticMode::ALL),
    };
    table.finish();
    section
}

fn read_limits(table: Reader<'_>) -> LimitsSection {
    let section = LimitsSection {
        max_tools: table.count("max_tools"),
        max_tokens: table.count("max_tokens"),
    };
    table.finish();
    section
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
