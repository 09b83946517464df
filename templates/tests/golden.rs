//! The rendered files, byte for byte. `BLESS=1 cargo test -p mcp-factory-templates` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::{env, fs, path::Path};

use mcp_factory_templates::{
    AccountToken, BuiltInScaffold, DeclaredParameter, DeclaredTool, Dependency, DependencySource,
    DeployKind, DeployPath, Deployment, GitReference, Mount, PluginScaffold, ProjectScaffold,
    RenderedFile, ServerCrate, ToolHints, ToolRate, render_deployment, render_plugin,
    render_project, render_server,
};

fn assert_golden(name: &str, files: &[RenderedFile]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("BLESS").is_some() {
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        for file in files {
            let path = folder.join(golden_name(&file.path));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.contents).unwrap();
        }
        return;
    }
    for file in files {
        let path = folder.join(golden_name(&file.path));
        let golden =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            file.contents, golden,
            "{} changed; BLESS=1 accepts it",
            file.path
        );
    }
    assert_eq!(
        count(&folder),
        files.len(),
        "{name} holds files that are no longer rendered"
    );
}

/// A `Cargo.toml` in a folder makes cargo leave the folder out of a package.
fn golden_name(path: &str) -> String {
    format!("{path}.golden")
}

fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}

fn built_in(name: &str) -> (Mount, Dependency) {
    let package = format!("mcp-plugin-{name}");
    let mount = Mount {
        name: name.to_owned(),
        library: package.replace('-', "_"),
        entry: "PLUGIN".to_owned(),
        comment: "built-in 0.1.0".to_owned(),
        source: "built-in".to_owned(),
        ..Mount::default()
    };
    let source = DependencySource::Registry("=0.1.0".to_owned());
    (
        mount,
        Dependency {
            package,
            source,
            features: Vec::new(),
        },
    )
}

fn minimal() -> ServerCrate {
    let (mount, dependency) = built_in("echo");
    ServerCrate {
        name: "tiny".to_owned(),
        version: "0.1.0".to_owned(),
        factory: "0.1.0".to_owned(),
        mounts: vec![mount],
        dependencies: vec![dependency],
        ..ServerCrate::default()
    }
}

fn declared() -> DeclaredTool {
    let text = |text: &str| Some(text.to_owned());
    DeclaredTool {
        name: "open_issues".to_owned(),
        title: text("Open issues"),
        description: "Issues that are \"open\".\nOldest first.".to_owned(),
        scope: "jira:read".to_owned(),
        hints: ToolHints {
            read_only: true,
            idempotent: true,
            ..ToolHints::default()
        },
        timeout: Some(1500),
        gate: text("jira"),
        rate: Some(ToolRate {
            calls: 10,
            milliseconds: 1000,
        }),
        parameters: vec![
            DeclaredParameter {
                name: "project".to_owned(),
                description: "Its key.".to_owned(),
                kind: "Text".to_owned(),
                required: true,
                choices: vec!["OPS".to_owned(), "WEB".to_owned()],
                ..DeclaredParameter::default()
            },
            DeclaredParameter {
                name: "limit".to_owned(),
                description: "How many.".to_owned(),
                kind: "Integer".to_owned(),
                default: text("20"),
                minimum: text("1.0"),
                maximum: text("100.0"),
                ..DeclaredParameter::default()
            },
        ],
        body: r#"{"jql":"project = \"{project}\""}"#.to_owned(),
    }
}

fn full() -> ServerCrate {
    let (fs, fs_crate) = built_in("fs");
    let jira = Mount {
        name: "jira".to_owned(),
        library: "acme_jira".to_owned(),
        entry: "mcp::PLUGIN".to_owned(),
        comment: "path ../plugins/jira".to_owned(),
        source: "path ../plugins/jira".to_owned(),
        allow: vec!["search".to_owned()],
        declared: vec![
            declared(),
            DeclaredTool {
                name: "count".to_owned(),
                scope: "admin".to_owned(),
                ..DeclaredTool::default()
            },
        ],
        ..Mount::default()
    };
    let dependency = |package: &str, source, features: &[&str]| Dependency {
        package: package.to_owned(),
        source,
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
    };
    let git = |reference| DependencySource::Git {
        url: "https://git.acme.dev/pager".to_owned(),
        reference,
    };
    ServerCrate {
        name: "myservice".to_owned(),
        version: "0.3.0".to_owned(),
        description: "Platform team's \"tools\"".to_owned(),
        factory: "0.1.0".to_owned(),
        mounts: vec![
            Mount {
                prefix: Some("fs".to_owned()),
                deny: vec!["delete_file".to_owned(), "move_file".to_owned()],
                ..fs
            },
            jira,
        ],
        dependencies: vec![
            dependency(
                "acme-jira",
                DependencySource::Path("../../../plugins/jira".to_owned()),
                &[],
            ),
            dependency("branch", git(GitReference::Branch("main".to_owned())), &[]),
            fs_crate,
            dependency(
                "pager",
                git(GitReference::Rev("9f2c1e7".to_owned())),
                &["sms"],
            ),
            dependency(
                "slack",
                DependencySource::Registry("1.4".to_owned()),
                &["socket-mode"],
            ),
            dependency("tagged", git(GitReference::Tag("v1".to_owned())), &[]),
            dependency("tip", git(GitReference::Default), &[]),
        ],
        defaults: "[plugins.fs]\nroots = [\"/srv/docs\"]\n".to_owned(),
        features: vec!["vault".to_owned()],
        read_only: true,
    }
}

fn scaffold() -> PluginScaffold {
    PluginScaffold {
        name: "team-notes".to_owned(),
        factory: "0.1.0".to_owned(),
        interface: 1,
    }
}

fn project() -> ProjectScaffold {
    ProjectScaffold {
        name: "myservice".to_owned(),
        factory: "0.1.0".to_owned(),
        built_in: vec![
            BuiltInScaffold {
                name: "fs".to_owned(),
                notes: vec!["replaces files (npx)".to_owned(), "two\nlines".to_owned()],
                prefix: Some("docs".to_owned()),
                config: "{ roots = [\"/srv\"] }".to_owned(),
            },
            BuiltInScaffold {
                name: "echo".to_owned(),
                ..BuiltInScaffold::default()
            },
        ],
        max_tools: 40,
        kept: vec!["browser: nothing built in".to_owned()],
        plugin: scaffold(),
    }
}

#[test]
fn the_smallest_server() {
    assert_golden("minimal", &render_server(&minimal()).unwrap());
}

#[test]
fn a_server_with_everything() {
    assert_golden("full", &render_server(&full()).unwrap());
}

#[test]
fn a_new_plugin() {
    assert_golden("plugin", &render_plugin(&scaffold()).unwrap());
}

#[test]
fn a_new_project() {
    assert_golden("project", &render_project(&project()).unwrap());
}

fn deployment() -> Deployment {
    let text = |text: &str| text.to_owned();
    Deployment {
        name: text("my_service"),
        version: text("0.3.0"),
        description: text("Platform team's \"tools\": all\nof them"),
        factory: text("0.1.0"),
        port: 8080,
        management: Some(9090),
        replicas: 3,
        host: text("mcp.example.com"),
        image: text("registry.example.com/team/my_service:0.3.0"),
        env: vec![text("GITHUB_TOKEN"), text("REDIS_URL")],
        paths: vec![
            DeployPath {
                path: text("/srv/docs"),
                writable: false,
            },
            DeployPath {
                path: text("/srv/work"),
                writable: true,
            },
        ],
        hosts: vec![text("api.github.com")],
        egress: vec![443, 6379],
        account_token: AccountToken::Shown,
        authenticated: false,
        shared: false,
        sandboxes: true,
    }
}

const KINDS: [(DeployKind, &str); 6] = [
    (DeployKind::Systemd, "systemd"),
    (DeployKind::Kubernetes, "kubernetes"),
    (DeployKind::Helm, "helm"),
    (DeployKind::Nginx, "nginx"),
    (DeployKind::Caddy, "caddy"),
    (DeployKind::GithubActions, "github-actions"),
];

#[test]
fn each_way_to_run_a_server() {
    for (kind, name) in KINDS {
        let files = render_deployment(&deployment(), kind).unwrap();
        assert_golden(&format!("deploy/{name}"), &files);
    }
}

/// What is not needed is not there, and leaves no hole.
#[test]
fn a_small_deployment_has_no_holes() {
    let small = Deployment {
        env: Vec::new(),
        paths: Vec::new(),
        hosts: Vec::new(),
        egress: vec![443],
        management: None,
        account_token: AccountToken::Unused,
        authenticated: true,
        sandboxes: false,
        replicas: 1,
        ..deployment()
    };
    for (kind, name) in KINDS {
        for file in render_deployment(&small, kind).unwrap() {
            assert!(!file.contents.contains("9090"), "{name}: {}", file.contents);
            assert!(
                !file.contents.contains("\n\n\n"),
                "{name}: {}",
                file.contents
            );
            assert!(
                file.contents.lines().all(|line| line.trim_end() == line),
                "{name}: {}",
                file.contents
            );
        }
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    assert_eq!(
        render_server(&full()).unwrap(),
        render_server(&full()).unwrap()
    );
    assert_eq!(
        render_project(&project()).unwrap(),
        render_project(&project()).unwrap()
    );
}

/// Names that YAML reads as something else, and names that Kubernetes does not take as they are.
#[test]
fn a_name_is_a_name_in_every_file() {
    for name in ["null", "yes", "off", "y"] {
        let odd = Deployment {
            name: name.to_owned(),
            image: format!("{name}:1"),
            host: "1e3".to_owned(),
            env: vec!["NO".to_owned()],
            ..deployment()
        };
        let folded = ["null", "yes", "off", "y", "no", "1e3"];
        for (kind, platform) in KINDS {
            for file in render_deployment(&odd, kind).unwrap() {
                let extension = Path::new(&file.path).extension();
                if extension.is_none_or(|it| it != "yaml" && it != "yml") {
                    continue;
                }
                for line in file.contents.lines() {
                    let value = line.rsplit_once(": ").map_or(line, |(_, value)| value);
                    let value = value.trim_matches(['[', ']']).to_lowercase();
                    assert!(
                        !folded.contains(&value.as_str()),
                        "{platform}, {}: {line}",
                        file.path
                    );
                }
            }
        }
    }
    let odd = Deployment {
        name: "my_".to_owned(),
        ..deployment()
    };
    let files = render_deployment(&odd, DeployKind::Kubernetes).unwrap();
    let service = files.iter().find(|file| file.path == "service.yaml");
    assert!(service.unwrap().contents.contains("  name: my\n"));
}
