//! Settings: what is accepted, and how a mistake is told.

use std::fs;

use mcp_plugin_fs::{Config, Files, Mode, RootConfig};
use serde_json::json;
use tempfile::TempDir;

use crate::sandbox::root;

fn error(config: &Config) -> String {
    Files::open(config).unwrap_err().to_string()
}

fn with(roots: Vec<RootConfig>) -> Config {
    Config {
        roots,
        ..Config::default()
    }
}

#[test]
fn no_roots_names_the_setting() {
    let message = error(&Config::default());
    assert!(message.contains("`roots`"), "{message}");
}

#[test]
fn a_root_that_cannot_be_used_is_named() {
    let base = TempDir::new().unwrap();
    let missing = base.path().join("missing");
    let message = error(&with(vec![
        root(base.path(), Mode::Ro),
        root(&missing, Mode::Ro),
    ]));
    assert!(
        message.contains("missing\"") && message.contains("does not exist"),
        "{message}"
    );

    let file = base.path().join("file");
    fs::write(&file, "").unwrap();
    let message = error(&with(vec![root(&file, Mode::Ro)]));
    assert!(
        message.contains("file\"") && message.contains("not a directory"),
        "{message}"
    );
}

#[test]
fn names_are_checked() {
    let base = TempDir::new().unwrap();
    for name in ["a", "b"] {
        fs::create_dir_all(base.path().join(name).join("docs")).unwrap();
    }
    let docs = |parent: &str| root(&base.path().join(parent).join("docs"), Mode::Ro);
    let message = error(&with(vec![docs("a"), docs("b")]));
    assert!(
        message.contains("two roots") && message.contains("\"docs\""),
        "{message}"
    );
    for bad in ["", "a/b", "a:b", "{a}", "..", "a\nb", &"x".repeat(65)] {
        let named = RootConfig {
            name: Some(bad.to_owned()),
            ..docs("a")
        };
        let message = error(&with(vec![named]));
        assert!(message.contains("cannot be the name"), "{bad:?}: {message}");
    }
}

#[test]
fn roots_may_not_overlap() {
    let base = TempDir::new().unwrap();
    fs::create_dir(base.path().join("inner")).unwrap();
    let inner = root(&base.path().join("inner"), Mode::Rw);
    for roots in [
        vec![root(base.path(), Mode::Ro), inner.clone()],
        vec![inner.clone(), root(base.path(), Mode::Ro)],
    ] {
        let message = error(&with(roots));
        assert!(
            message.contains("inner\"") && message.contains("lies inside"),
            "{message}"
        );
    }
    let again = RootConfig {
        name: Some("again".into()),
        ..inner.clone()
    };
    assert!(error(&with(vec![inner, again])).contains("lies inside"));
}

#[test]
fn limits_and_rules_are_checked() {
    let base = TempDir::new().unwrap();
    let good = with(vec![root(base.path(), Mode::Ro)]);
    assert!(Files::open(&good).is_ok());
    let cases = [
        (
            Config {
                max_read_bytes: 0,
                ..good.clone()
            },
            "`max_read_bytes` is 0",
        ),
        (
            Config {
                max_media_bytes: 1 << 40,
                ..good.clone()
            },
            "max_media_bytes",
        ),
        (
            Config {
                max_write_bytes: 0,
                ..good.clone()
            },
            "max_write_bytes",
        ),
        (
            Config {
                max_copy_bytes: 0,
                ..good.clone()
            },
            "max_copy_bytes",
        ),
        (
            Config {
                max_entries: 0,
                ..good.clone()
            },
            "max_entries",
        ),
        (
            Config {
                search_timeout_ms: 0,
                ..good.clone()
            },
            "search_timeout_ms",
        ),
        (
            Config {
                deny: vec!["a[".into()],
                ..good.clone()
            },
            "`deny`: the deny rule \"a[\"",
        ),
    ];
    for (config, words) in cases {
        let message = error(&config);
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn roots_are_paths_or_tables() {
    let parse = |value: serde_json::Value| serde_json::from_value::<Config>(value);
    let config = parse(
        json!({ "roots": ["/srv/docs", { "path": "/srv/code", "mode": "rw", "name": "code" }] }),
    )
    .unwrap();
    assert_eq!(
        config.roots[0],
        RootConfig {
            name: None,
            path: "/srv/docs".into(),
            mode: Mode::Ro
        }
    );
    assert_eq!(
        config.roots[1],
        RootConfig {
            name: Some("code".into()),
            path: "/srv/code".into(),
            mode: Mode::Rw
        }
    );
    assert_eq!(config.deny, ["**/.git/**", "**/.env*", "**/*.pem"]);
    for (bad, words) in [
        (
            json!({ "roots": [{ "mode": "rw" }] }),
            "missing field `path`",
        ),
        (
            json!({ "roots": [{ "path": "/x", "mode": "write" }] }),
            "unknown variant `write`",
        ),
        (
            json!({ "roots": [{ "path": "/x", "modus": "rw" }] }),
            "unknown field `modus`",
        ),
        (json!({ "roots": [7] }), "a path such as"),
        (json!({ "root": ["/x"] }), "unknown field `root`"),
    ] {
        let message = parse(bad).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn relative_roots_are_made_absolute_at_the_start() {
    // The tests run in the package's directory.
    let files = Files::open(&with(vec![RootConfig {
        name: None,
        path: "src".into(),
        mode: Mode::Ro,
    }]))
    .unwrap();
    let absolute = std::env::current_dir().unwrap().join("src/lib.rs");
    assert!(files.info(absolute.to_str().unwrap()).is_ok());
    assert_eq!(files.allowed().roots[0].name, "src");
}

#[test]
fn the_schema_of_the_settings_shows_their_defaults() {
    let schema = mcp_plugin_fs::PLUGIN.config_schema();
    let default = |name: &str| schema["properties"][name]["default"].clone();
    assert_eq!(default("max_read_bytes"), json!(1 << 20));
    assert_eq!(
        default("deny"),
        json!(["**/.git/**", "**/.env*", "**/*.pem"])
    );
    assert_eq!(default("roots"), json!([]));
    assert_eq!(
        schema["properties"]["max_read_bytes"]["maximum"],
        json!(64 << 20)
    );
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["roots"]["items"]["oneOf"][1]["required"],
        json!(["path"])
    );
}
