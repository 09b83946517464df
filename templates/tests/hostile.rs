//! No string of a model gets out of its quotes, whatever is in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use mcp_factory_templates::{
    DeclaredParameter, DeclaredTool, Dependency, DependencySource, DeployKind, DeployPath,
    Deployment, GitReference, Mount, RenderError, ServerCrate, render_deployment, render_server,
};
use proptest::prelude::*;
use syn::visit::Visit;

/// Puts one string into every field that is not a validated name.
fn everywhere(text: &str) -> ServerCrate {
    ServerCrate {
        name: "myservice".to_owned(),
        version: "0.3.0".to_owned(),
        description: text.to_owned(),
        factory: "0.1.0".to_owned(),
        mounts: vec![Mount {
            name: text.to_owned(),
            library: "mcp_plugin_fs".to_owned(),
            entry: "PLUGIN".to_owned(),
            comment: text.to_owned(),
            source: text.to_owned(),
            prefix: Some(text.to_owned()),
            allow: vec![text.to_owned()],
            deny: vec![text.to_owned(), text.to_owned()],
            declared: vec![DeclaredTool {
                name: text.to_owned(),
                title: Some(text.to_owned()),
                description: text.to_owned(),
                scope: text.to_owned(),
                gate: Some(text.to_owned()),
                body: text.to_owned(),
                parameters: vec![DeclaredParameter {
                    name: text.to_owned(),
                    description: text.to_owned(),
                    kind: "Text".to_owned(),
                    default: Some(text.to_owned()),
                    choices: vec![text.to_owned()],
                    ..DeclaredParameter::default()
                }],
                ..DeclaredTool::default()
            }],
        }],
        dependencies: vec![Dependency {
            package: "pager".to_owned(),
            source: DependencySource::Git {
                url: text.to_owned(),
                reference: GitReference::Branch(text.to_owned()),
            },
            features: vec![text.to_owned()],
        }],
        defaults: String::new(),
        read_only: true,
        features: vec![text.to_owned()],
    }
}

#[derive(Default)]
struct Found {
    literals: Vec<String>,
    items: usize,
}

impl Visit<'_> for Found {
    fn visit_lit_str(&mut self, literal: &syn::LitStr) {
        self.literals.push(literal.value());
    }

    fn visit_item(&mut self, item: &syn::Item) {
        self.items += 1;
        syn::visit::visit_item(self, item);
    }
}

fn assert_contained(text: &str) {
    let files = render_server(&everywhere(text)).unwrap();
    let contents = |path: &str| {
        &files
            .iter()
            .find(|file| file.path == path)
            .unwrap()
            .contents
    };

    let mut found = Found::default();
    found.visit_file(&syn::parse_file(contents("src/main.rs")).unwrap());
    // mod, use, MOUNTS, const _, RECIPE, SBOM, main: nothing was smuggled in, nothing was commented out.
    assert_eq!(found.items, 7, "{text:?}");
    // name, source, prefix, one allowed, two denied, the description.
    assert!(
        found
            .literals
            .iter()
            .filter(|literal| *literal == text)
            .count()
            >= 7,
        "{text:?}"
    );

    let mut declared = Found::default();
    declared.visit_file(&syn::parse_file(contents("src/declared.rs")).unwrap());
    // use, the list, the tool in it.
    assert_eq!(declared.items, 3, "{text:?}");
    let texts = declared.literals.iter();
    assert!(
        texts.filter(|literal| *literal == text).count() >= 10,
        "{text:?}"
    );

    let manifest: toml::Table = toml::from_str(contents("Cargo.toml")).unwrap();
    assert_eq!(manifest["package"]["description"].as_str(), Some(text));
    assert_eq!(
        manifest["dependencies"]["pager"]["git"].as_str(),
        Some(text)
    );
    assert_eq!(
        manifest["dependencies"]["pager"]["branch"].as_str(),
        Some(text)
    );
    assert_eq!(
        manifest["dependencies"]["pager"]["features"][0].as_str(),
        Some(text)
    );
    assert_eq!(
        manifest["dependencies"]["mcp-factory-server"]["features"][0].as_str(),
        Some(text)
    );
    assert_eq!(manifest["dependencies"].as_table().unwrap().len(), 2);
}

const TRICKS: &[&str] = &[
    "x\"; fn main(){} //",
    "\")]; fn evil() {} static X: &[Mount] = &[mount(\"",
    "a\nfn evil() {}",
    "a\r\n[dependencies.evil]\r\npath = \"/\"",
    "'''\"\"\"",
    "{{ server.name }} {% include \"x\" %}",
    "\\",
    "\\\"",
    "\u{2028}fn evil() {}",
    "/* */ // #",
    "",
];

#[test]
fn strings_that_try_to_get_out() {
    for text in TRICKS {
        assert_contained(text);
    }
}

const KINDS: [DeployKind; 6] = [
    DeployKind::Systemd,
    DeployKind::Kubernetes,
    DeployKind::Helm,
    DeployKind::Nginx,
    DeployKind::Caddy,
    DeployKind::GithubActions,
];

/// With one text wherever words of the manifest, of the command line or of a plugin may stand.
fn deployment(text: &str) -> Deployment {
    Deployment {
        name: "files".to_owned(),
        version: "1.0.0".to_owned(),
        description: text.to_owned(),
        factory: "0.1.0".to_owned(),
        port: 8080,
        management: Some(9090),
        replicas: 1,
        host: "mcp.example.com".to_owned(),
        image: text.to_owned(),
        env: vec!["TOKEN".to_owned()],
        hosts: vec![text.to_owned(), text.to_owned()],
        egress: vec![443],
        ..Deployment::default()
    }
}

/// No word adds a line, and none takes one in.
fn assert_deployment_contained(text: &str) {
    for kind in KINDS {
        let plain = render_deployment(&deployment("plain"), kind).unwrap();
        let files = render_deployment(&deployment(text), kind).unwrap();
        for (file, plain) in files.iter().zip(&plain) {
            let count = |contents: &str| contents.lines().count();
            assert_eq!(count(&file.contents), count(&plain.contents), "{text:?}");
            for (line, plain) in file.contents.lines().zip(plain.contents.lines()) {
                let key = |line: &str| line.split(['=', ':']).next().unwrap().to_owned();
                if line.trim_start().starts_with('#') {
                    assert!(plain.trim_start().starts_with('#'), "{line:?}");
                } else {
                    assert_eq!(key(line), key(plain), "{text:?}");
                }
                if file.path.ends_with(".service") && line != plain {
                    assert!(line.starts_with("Description="), "{line:?}");
                    assert!(!line.ends_with('\\'), "{line:?}");
                    assert!(!line.replace("%%", "").contains('%'), "{line:?}");
                }
            }
        }
    }
}

#[test]
fn a_deployment_keeps_words_on_their_line() {
    for text in TRICKS.iter().chain(&[
        "x\nExecStartPre=+/bin/sh -c id",
        "reads \\",
        "reads \\ \\",
        "%n of 100 %",
        "x\r- name: evil",
    ]) {
        assert_deployment_contained(text);
    }
}

#[test]
fn a_deployment_takes_names_alone_where_it_does_not_quote() {
    for text in [
        "",
        "X\nExecStartPre=+/bin/sh -c id\n#",
        "a b",
        "a\\",
        "a'b",
        "%n",
    ] {
        let refuse = |deployment: &Deployment| {
            for kind in KINDS {
                let error = render_deployment(deployment, kind).unwrap_err();
                assert!(
                    matches!(&error, RenderError::Name(name) if name == text),
                    "{error}"
                );
            }
        };
        refuse(&Deployment {
            env: vec![text.to_owned()],
            ..deployment("plain")
        });
        refuse(&Deployment {
            host: text.to_owned(),
            ..deployment("plain")
        });
        refuse(&Deployment {
            paths: vec![DeployPath {
                path: text.to_owned(),
                writable: true,
            }],
            ..deployment("plain")
        });
    }
}

proptest! {
    #[test]
    fn any_string_stays_where_it_was_put(text in any::<String>()) {
        assert_contained(&text);
    }

    #[test]
    fn quotes_braces_and_newlines_stay_where_they_were_put(text in "[\"'\\\\{}%#/*\n\r\t \u{2028}a-c]{0,40}") {
        assert_contained(&text);
    }

    #[test]
    fn words_of_a_deployment_stay_where_they_were_put(text in "[\"'\\\\{}%#/*\n\r\t \u{2028}a-c]{0,40}") {
        assert_deployment_contained(&text);
    }
}
