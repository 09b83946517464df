//! No string of a model gets out of its quotes, whatever is in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use mcp_factory_templates::{
    DeclaredParameter, DeclaredTool, Dependency, DependencySource, GitReference, Mount,
    ServerCrate, render_server,
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

#[test]
fn strings_that_try_to_get_out() {
    for text in [
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
    ] {
        assert_contained(text);
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
}
