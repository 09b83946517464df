//! What a plugin author reads when something is wrong. Each file in `ui/fail` has its messages beside it;
//! `TRYBUILD=overwrite cargo test -p mcp-factory-sdk --test ui` writes them anew.

use std::{fs, path::Path};

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.pass(plugin_of_the_readme());
    cases.compile_fail("tests/ui/fail/*.rs");
}

/// The plugin that `plugins/README.md` tells people to write, as a program.
fn plugin_of_the_readme() -> impl AsRef<Path> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/README.md");
    let readme = fs::read_to_string(readme).expect("the README is there");
    let (_, code) = readme.split_once("```rust\n").expect("it has a plugin");
    let (code, _) = code.split_once("```").expect("the plugin ends");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.rs");
    fs::write(&path, format!("{code}\nfn main() {{}}\n")).expect("it can be written");
    path
}
