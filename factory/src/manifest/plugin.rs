//! `[plugins.NAME]`: where a plugin comes from, and how it is mounted.

use mcp_factory_templates::GitReference;

use crate::{
    error::{Code, Failure},
    names::{FeatureName, PackageName, PluginName, Prefix},
};

use super::{
    Located, Origin, PluginEntry,
    declared::read_declared,
    reader::{Document, Reader},
};

pub(super) fn read_plugins(
    document: &Document,
    plugins: &Reader<'_>,
    plain: &toml::Table,
) -> Vec<PluginEntry> {
    let mut entries = Vec::new();
    for (name, table) in plugins.tables() {
        let Some(parsed) = PluginName::parse(name.value) else {
            let message = format!("a plugin cannot be called {:?}", name.value);
            document.fail(
                Failure::new(Code::BadName, message)
                    .at(name.place.as_ref(), "this name")
                    .fix(format!("use {}", PluginName::FORM)),
            );
            continue;
        };
        let config = if table.table("config").is_some() {
            sub_table(plain, &["plugins", name.value, "config"])
        } else {
            toml::Table::new()
        };
        let origin = read_origin(document, &table, &parsed);
        let entry = PluginEntry {
            origin: origin.unwrap_or(Origin::BuiltIn(None)),
            prefix: table.parsed("prefix", Code::BadName, Prefix::FORM, Prefix::parse),
            allow: owned(table.strings("allow")),
            deny: owned(table.strings("deny")),
            features: read_features(document, &table),
            declared: read_declared(
                document,
                &table,
                &sub_table(plain, &["plugins", name.value]),
            ),
            place: name.place,
            name: parsed,
            config,
        };
        if !entry.allow.is_empty() && !entry.deny.is_empty() {
            conflict(document, &table, "allow", "deny");
        }
        if matches!(entry.origin, Origin::BuiltIn(_))
            && !entry.features.is_empty()
            && document.is_clean()
        {
            let place = table.key_span("features").map(|span| document.place(span));
            document.fail(
                Failure::new(
                    Code::Conflict,
                    "built-in plugins have no features to choose",
                )
                .at(place.as_ref(), "not for a built-in")
                .fix("remove `features`"),
            );
        }
        table.finish();
        entries.push(entry);
    }
    entries
}

fn read_origin(document: &Document, table: &Reader<'_>, name: &PluginName) -> Option<Origin> {
    let package = table.parsed(
        "crate",
        Code::BadName,
        PackageName::FORM,
        PackageName::parse,
    );
    let version = table.parsed(
        "version",
        Code::BadValue,
        "a requirement such as \"1.4\"",
        |text| semver::VersionReq::parse(text).ok(),
    );
    let path = table.string("path");
    let git = table.string("git");
    let reference = read_reference(document, table);

    if let Some(path) = path {
        for other in ["git", "crate", "version"] {
            if table.has(other) {
                conflict(document, table, "path", other);
            }
        }
        refuse_text(document, "path", &path)?;
        return Some(Origin::Path(path.value.to_owned()));
    }
    if let Some(git) = git {
        if table.has("version") {
            conflict(document, table, "git", "version");
        }
        refuse_text(document, "git", &git)?;
        let package = package.or_else(|| PackageName::parse(&format!("mcp-plugin-{name}")))?;
        return Some(Origin::Git {
            url: git.value.to_owned(),
            reference,
            package,
        });
    }
    if reference != GitReference::Default {
        table.missing(
            "git",
            "git = \"https://…\", or remove `rev`, `tag` and `branch`",
        );
        return None;
    }
    match (package, version) {
        (Some(package), Some(version)) => Some(Origin::Registry { package, version }),
        (Some(_), None) => {
            if !table.has("version") {
                table.missing("version", "version = \"1\": what is built must be said");
            }
            None
        }
        (None, version) => Some(Origin::BuiltIn(version)),
    }
}

fn read_reference(document: &Document, table: &Reader<'_>) -> GitReference {
    let (rev, tag, branch) = (
        table.string("rev"),
        table.string("tag"),
        table.string("branch"),
    );
    for text in [&rev, &tag, &branch].into_iter().flatten() {
        // Cargo hands these to git.
        if refuse_text(document, "this", text).is_none() {
            return GitReference::Default;
        }
    }
    match (rev, tag, branch) {
        (None, None, None) => GitReference::Default,
        (Some(rev), None, None) => GitReference::Rev(rev.value.to_owned()),
        (None, Some(tag), None) => GitReference::Tag(tag.value.to_owned()),
        (None, None, Some(branch)) => GitReference::Branch(branch.value.to_owned()),
        (Some(_), Some(_), _) => {
            conflict(document, table, "rev", "tag");
            GitReference::Default
        }
        (_, _, Some(_)) => {
            conflict(
                document,
                table,
                "branch",
                if table.has("rev") { "rev" } else { "tag" },
            );
            GitReference::Default
        }
    }
}

/// Refuses what another program could take for an option or for more than one line.
fn refuse_text(document: &Document, key: &str, text: &Located<&str>) -> Option<()> {
    let bad = text.value.is_empty()
        || text.value.starts_with('-')
        || text.value.contains(char::is_control);
    if bad {
        let message = format!("`{key}` cannot be {:?}", text.value);
        document.fail(
            Failure::new(Code::BadValue, message)
                .at(text.place.as_ref(), "this")
                .fix("write something that is not empty, has no control characters and does not start with `-`"),
        );
    }
    (!bad).then_some(())
}

fn read_features(document: &Document, table: &Reader<'_>) -> Vec<FeatureName> {
    let mut features = Vec::new();
    for text in table.strings("features") {
        match FeatureName::parse(text.value) {
            Some(feature) => features.push(feature),
            None => document.fail(
                Failure::new(
                    Code::BadName,
                    format!("a feature cannot be called {:?}", text.value),
                )
                .at(text.place.as_ref(), "this name")
                .fix(format!("use {}", FeatureName::FORM)),
            ),
        }
    }
    features
}

fn conflict(document: &Document, table: &Reader<'_>, one: &str, other: &'static str) {
    let place = table.key_span(other).map(|span| document.place(span));
    document.fail(
        Failure::new(
            Code::Conflict,
            format!("`{one}` and `{other}` exclude each other"),
        )
        .at(place.as_ref(), "one of the two")
        .fix(format!("remove `{one}` or `{other}`")),
    );
}

fn owned(strings: Vec<Located<&str>>) -> Vec<Located<String>> {
    strings
        .into_iter()
        .map(|text| Located {
            value: text.value.to_owned(),
            place: text.place,
        })
        .collect()
}

/// The table at a path of keys; empty when it is not there.
pub(super) fn sub_table(plain: &toml::Table, path: &[&str]) -> toml::Table {
    let mut table = plain;
    for key in path {
        match table.get(*key).and_then(toml::Value::as_table) {
            Some(below) => table = below,
            None => return toml::Table::new(),
        }
    }
    table.clone()
}
