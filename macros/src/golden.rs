//! Expansions as files: `tests/golden/NAME.rs` is what an author writes, `NAME.expanded.rs` what becomes
//! of it. `BLESS=1 cargo test -p mcp-factory-macros` writes the second anew. The SDK's tests compile both.

use std::{fs, path::PathBuf};

use quote::ToTokens;
use syn::{File, Item, Meta};

use crate::driver;

fn check(name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let source = fs::read_to_string(folder.join(format!("{name}.rs"))).expect("the input is there");
    let expanded = format!(
        "// Written by `BLESS=1 cargo test -p mcp-factory-macros` from {name}.rs.\n\n{}",
        expand(&source)
    );
    let path = folder.join(format!("{name}.expanded.rs"));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, expanded).expect("the golden file can be written");
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == expanded,
        "{} is not what the macro makes now; look at the difference after `BLESS=1 cargo test -p mcp-factory-macros`",
        path.display()
    );
}

/// The file with every `#[plugin]` block expanded. Errors are left out: their place is the UI tests.
fn expand(source: &str) -> String {
    let file = syn::parse_file(source).expect("the input is Rust");
    let mut items = Vec::new();
    for item in file.items {
        let Item::Impl(mut block) = item else {
            items.push(item);
            continue;
        };
        let plugin = block
            .attrs
            .iter()
            .position(|attribute| attribute.path().is_ident("plugin"));
        let Some(plugin) = plugin else {
            items.push(Item::Impl(block));
            continue;
        };
        let Meta::List(list) = block.attrs.remove(plugin).meta else {
            panic!("#[plugin] has arguments");
        };
        let (tokens, _) = driver::expand(list.tokens, &block.to_token_stream());
        items.extend(
            syn::parse2::<File>(tokens)
                .expect("an expansion is Rust")
                .items,
        );
    }
    prettyplease::unparse(&File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items,
    })
}

#[test]
fn tools() {
    check("tools");
}

#[test]
fn resources_and_prompts() {
    check("resources_and_prompts");
}

#[test]
fn after_errors() {
    check("after_errors");
}

#[test]
fn an_expansion_is_the_same_each_time() {
    let source = include_str!("../tests/golden/tools.rs");
    assert_eq!(expand(source), expand(source));
}
