//! Files that are no servers. Real servers are inspected end to end.

use crate::driver::Factory;

#[test]
fn what_is_no_server_is_said_to_be_none() {
    let factory = Factory::new();
    factory.write("text", "hello");
    let this = std::env::current_exe().unwrap().display().to_string();
    for (path, why) in [
        ("absent", "there is no such file"),
        ("text", "is no executable for Linux"),
        (this.as_str(), "it has no section .mcp-factory"),
    ] {
        factory.run(&["inspect", path]).fails(
            2,
            &["error[MF0105]", "is no server built by mcp-factory", why],
        );
    }
}
