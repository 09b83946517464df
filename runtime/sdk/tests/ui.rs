//! What a plugin author reads when something is wrong. Each file in `ui/fail` has its messages beside it;
//! `TRYBUILD=overwrite cargo test -p mcp-factory-sdk --test ui` writes them anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let plugins = plugins_of_the_readme();
    assert!(plugins.len() >= 2, "they were not found");
    for plugin in plugins {
        cases.pass(plugin);
    }
    cases.compile_fail("tests/ui/fail/*.rs");
}

/// The plugins that `plugins/README.md` tells people to write, each as a program.
fn plugins_of_the_readme() -> Vec<PathBuf> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/README.md");
    let readme = fs::read_to_string(readme).expect("the README is there");
    let codes = readme.split("```rust\n").skip(1);
    codes
        .enumerate()
        .map(|(index, code)| {
            let (code, _) = code.split_once("```").expect("the plugin ends");
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme_{index}.rs"));
            fs::write(&path, format!("{code}\nfn main() {{}}\n")).expect("it can be written");
            path
        })
        .collect()
}
