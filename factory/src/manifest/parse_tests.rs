use super::*;
use crate::manifest::Origin;

/// What went wrong, with line and column.
type Found = (Code, String, Option<(usize, usize)>);

fn failures(text: &str) -> Vec<Found> {
    let error = parse("mcp-factory.toml", text.to_owned()).unwrap_err();
    let place = |failure: &Failure| {
        failure
            .place
            .as_ref()
            .map(|(place, _)| place.line_and_column())
    };
    error
        .0
        .iter()
        .map(|failure| (failure.code, failure.message.clone(), place(failure)))
        .collect()
}

const SERVER: &str = "[server]\nname = \"x\"\n";

fn with(rest: &str) -> String {
    format!("{SERVER}{rest}")
}

#[test]
fn everything_is_read_and_plugins_keep_their_order() {
    let text = r#"
        schema = 1
        [server]
        name = "myservice"
        version = "0.3.0"
        description = "Tools"
        read_only = true
        features = ["vault", "otlp", "vault"]
        config.http.listen = "127.0.0.1:9000"
        [build]
        profile = "small"
        target = "x86_64-unknown-linux-musl"
        static = "require"
        [limits]
        max_tools = 40
        max_tokens = 12000
        [plugins.zeta]
        path = "../zeta"
        features = ["a", "b/c"]
        [plugins.fs]
        version = "^0.1"
        prefix = "fs"
        deny = ["delete_file"]
        config = { roots = ["/srv"] }
        [plugins.pager]
        git = "https://example.com/pager"
        rev = "9f2c1e7"
        [plugins.slack]
        crate = "mcp-plugin-slack"
        version = "1.4"
    "#;
    let manifest = parse("m", text.to_owned()).unwrap();
    let names: Vec<&str> = manifest
        .plugins
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, ["zeta", "fs", "pager", "slack"]);
    assert_eq!(
        manifest.server.config["http"]["listen"].as_str(),
        Some("127.0.0.1:9000")
    );
    assert!(manifest.server.read_only.value);
    assert_eq!(
        manifest.server.features,
        [ServerFeature::Vault, ServerFeature::Otlp],
        "each once"
    );
    assert_eq!(manifest.build.profile, Some(Profile::Small));
    assert_eq!(manifest.limits.max_tools, Some(40));
    assert_eq!(
        manifest.plugins[0].origin,
        Origin::Path("../zeta".to_owned())
    );
    assert!(matches!(
        &manifest.plugins[1].origin,
        Origin::BuiltIn(Some(_))
    ));
    assert_eq!(
        manifest.plugins[1].config["roots"][0].as_str(),
        Some("/srv")
    );
    assert!(
        matches!(&manifest.plugins[2].origin, Origin::Git { package, .. } if package.as_str() == "mcp-plugin-pager")
    );
    assert!(matches!(
        &manifest.plugins[3].origin,
        Origin::Registry { .. }
    ));
}

#[test]
fn every_mistake_is_found_where_it_stands() {
    // The rest of the file, the code, a part of the message, line and column.
    let cases: &[(&str, Code, &str, (usize, usize))] = &[
        (
            "[plugins.echo]\nprefx = \"a\"",
            Code::UnknownKey,
            "unknown key `plugins.echo.prefx`",
            (4, 1),
        ),
        (
            "[plugins.echo]\nprefix = 3",
            Code::WrongType,
            "`plugins.echo.prefix` must be a string",
            (4, 10),
        ),
        (
            "[plugins.echo]\nprefix = \"a b\"",
            Code::BadName,
            "cannot be \"a b\"",
            (4, 10),
        ),
        (
            "[plugins.\"../../etc\"]",
            Code::BadName,
            "cannot be called \"../../etc\"",
            (3, 10),
        ),
        (
            "[plugins.\"x\\\"; fn main(){} //\"]",
            Code::BadName,
            "cannot be called",
            (3, 10),
        ),
        (
            "[plugins.a]\npath = \"p\"\ngit = \"g\"",
            Code::Conflict,
            "`path` and `git` exclude",
            (5, 1),
        ),
        (
            "[plugins.a]\ngit = \"-x\"",
            Code::BadValue,
            "`git` cannot be",
            (4, 7),
        ),
        (
            "[plugins.a]\ngit = \"g\"\nrev = \"r\"\ntag = \"t\"",
            Code::Conflict,
            "`rev` and `tag`",
            (6, 1),
        ),
        (
            "[plugins.a]\ncrate = \"c\"",
            Code::MissingKey,
            "`plugins.a.version` is missing",
            (3, 10),
        ),
        (
            "[plugins.a]\nrev = \"c\"",
            Code::MissingKey,
            "`plugins.a.git` is missing",
            (3, 10),
        ),
        (
            "[plugins.a]\nallow = [\"x\"]\ndeny = [\"y\"]",
            Code::Conflict,
            "`allow` and `deny`",
            (5, 1),
        ),
        (
            "[plugins.a]\nfeatures = [\"x\"]",
            Code::Conflict,
            "built-in plugins have no features",
            (4, 1),
        ),
        (
            "[plugins.a]\npath = \"p\"\nfeatures = [\"-x\"]",
            Code::BadName,
            "a feature cannot be called",
            (5, 13),
        ),
        (
            "[plugins.a]\ndeny = [1]",
            Code::WrongType,
            "`plugins.a.deny` must be a list of strings",
            (4, 9),
        ),
        (
            "[plugins]\necho = true",
            Code::WrongType,
            "`plugins.echo` must be a table",
            (4, 8),
        ),
        (
            "[plugins.a]\n[build]\nprofile = \"relese\"",
            Code::BadValue,
            "`build.profile` cannot be",
            (5, 11),
        ),
        (
            "[plugins.a]\n[build]\ntarget = \"../x\"",
            Code::BadName,
            "`build.target` cannot be",
            (5, 10),
        ),
        (
            "[plugins.a]\n[limits]\nmax_tools = 0",
            Code::WrongType,
            "must be a whole number above zero",
            (5, 13),
        ),
        (
            "[plugins.a]\n[limts]",
            Code::UnknownKey,
            "unknown key `limts`",
            (4, 2),
        ),
        ("", Code::MissingKey, "`plugins` is missing", (1, 1)),
        (
            "[plugins.a]\nx = ",
            Code::Syntax,
            "mcp-factory.toml is not valid TOML",
            (4, 5),
        ),
    ];
    for (rest, code, message, place) in cases {
        let found = failures(&with(rest));
        assert_eq!(found.len(), 1, "{rest}: {found:?}");
        assert_eq!(found[0].0, *code, "{rest}: {found:?}");
        assert!(found[0].1.contains(message), "{rest}: {found:?}");
        assert_eq!(found[0].2, Some(*place), "{rest}: {found:?}");
    }
}

#[test]
fn the_server_needs_a_sound_name() {
    let plugins = "[plugins.echo]\n";
    for (server, code) in [
        ("", Code::MissingKey),
        ("[server]\n", Code::MissingKey),
        (
            "[server]\nname = \"x\\\"; fn main(){} //\"\n",
            Code::BadName,
        ),
        ("[server]\nname = \"../../etc\"\n", Code::BadName),
        ("[server]\nname = \"fn\"\n", Code::BadName),
        ("[server]\nname = \"x\"\nversion = \"1\"\n", Code::BadValue),
        (
            "[server]\nname = \"x\"\nconfig.plugins.a.b = 1\n",
            Code::Conflict,
        ),
        ("schema = 2\n[server]\nname = \"x\"\n", Code::UnknownSchema),
    ] {
        let found = failures(&format!("{server}{plugins}"));
        assert_eq!(found.len(), 1, "{server}: {found:?}");
        assert_eq!(found[0].0, code, "{server}: {found:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_in_order() {
    let found = failures(
        "[server]\nname = \"A\"\nnme = 1\n[build]\nprofile = \"x\"\n[plugins.echo]\nprefx = 1\n",
    );
    let lines: Vec<usize> = found.iter().map(|failure| failure.2.unwrap().0).collect();
    assert_eq!(lines, [2, 3, 5, 7]);
}

#[test]
fn the_manifest_of_the_readme_is_one() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let manifest = parse("README.md", text.to_owned()).unwrap();
    assert_eq!(manifest.plugins.len(), 4);
    assert_eq!(manifest.server.name.as_str(), "myservice");
}
