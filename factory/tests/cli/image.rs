//! Images of nothing. Real servers become images end to end.

use crate::driver::Factory;

#[test]
fn without_a_binary_the_manifest_says_which() {
    let factory = Factory::new();
    factory.run(&["image"]).fails(
        3,
        &[
            "error[MF0200]",
            "no binary is named and there is no mcp-factory.toml",
        ],
    );
    let factory =
        Factory::with_manifest("schema = 1\n[server]\nname = \"files\"\n[plugins.echo]\n");
    factory.run(&["image"]).fails(
        2,
        &[
            "error[MF0105]",
            "files is not built yet",
            "fix: mcp-factory build",
        ],
    );
    factory.write("files", "text");
    factory.run(&["image"]).fails(
        2,
        &["error[MF0105]", "files is no server built by mcp-factory"],
    );
    assert_eq!(factory.listing(), ["files", "mcp-factory.toml"]);
}
