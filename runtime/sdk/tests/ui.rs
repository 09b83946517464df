//! What a plugin author reads when something is wrong. Each file in `ui/fail` has its messages beside it;
//! `TRYBUILD=overwrite cargo test -p mcp-factory-sdk --test ui` writes them anew.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
