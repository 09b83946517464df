//! The doctor on machines and in homes where something is missing. A real server is examined end to end.

use std::fs;

use crate::driver::{Factory, Ran};

/// Runs `doctor` with the folder as the home, and perhaps with other programs than this machine's.
fn doctor(factory: &Factory, path: Option<&str>, arguments: &[&str]) -> Ran {
    let mut command = factory.command(&[&["doctor"][..], arguments].concat());
    command
        .env("HOME", factory.path(""))
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("CLAUDE_CONFIG_DIR");
    if let Some(path) = path {
        command.env("PATH", path);
    } else {
        // rustup keeps the compiler in the real home.
        let home = std::env::var("HOME").unwrap();
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            command.env(
                name,
                std::env::var(name).unwrap_or_else(|_| format!("{home}/{folder}")),
            );
        }
    }
    Ran::of(&command.output().unwrap())
}

#[test]
fn a_machine_without_a_compiler_is_told_so() {
    let factory = Factory::new();
    let ran = doctor(&factory, Some("/nowhere"), &[]);
    assert_eq!(ran.code, 8, "{ran:#?}");
    for words in [
        "error[MF0701]",
        "there is no git",
        "there is no curl",
        "the cache in ",
    ] {
        assert!(
            ran.stdout.contains(words),
            "{words:?} is not in {}",
            ran.stdout
        );
    }
    assert!(
        ran.stderr.contains("error[MF0709]") && ran.stderr.contains("want something done"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_clients_cannot_start_is_named() {
    let factory = Factory::new();
    factory.write(
        ".cursor/mcp.json",
        "{ // mine\n \"mcpServers\": { \"gone\": { \"command\": \"/nowhere/files\" }, \"near\": { \"command\": \"./files\" },\n \"text\": { \"command\": \"TEXT\" }, \"sh\": { \"command\": \"/bin/sh\" }, \"npx\": { \"command\": \"npx\" } } }\n"
            .replace("TEXT", &factory.path("text").display().to_string())
            .as_str(),
    );
    factory.write("text", "no program");
    factory.write(".config/zed/settings.json", "{ \"context_servers\": \n");
    let ran = doctor(&factory, None, &[]);
    assert_eq!(ran.code, 8, "{ran:#?}");
    for words in [
        "Cursor starts \"gone\", and there is no /nowhere/files",
        "mcp-factory install BINARY --client cursor --name gone",
        "Cursor starts \"near\", and ./files is no absolute path",
        "text may not be executed",
        "Cursor can start 2 of its 5 servers",
        "error[MF0106]",
        "settings.json:",
    ] {
        assert!(
            ran.stdout.contains(words),
            "{words:?} is not in {}",
            ran.stdout
        );
    }
}

#[test]
fn a_sound_machine_is_called_one_and_nothing_is_changed() {
    let factory = Factory::with_manifest("schema = 1\n[server]\nname = \"x\"\n[plugins.echo]\n");
    let before = factory.listing();
    let ran = doctor(&factory, None, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert!(
        ran.stdout
            .contains("mcp-factory.toml can be built: 2 tools"),
        "{}",
        ran.stdout
    );
    assert_eq!(factory.listing(), before);
    fs::write(
        factory.path("mcp-factory.toml"),
        "schema = 1\n[server]\nnmae = 1\n",
    )
    .unwrap();
    let ran = doctor(&factory, None, &[]);
    assert!(
        ran.code == 8 && ran.stdout.contains("error[MF0202]"),
        "{ran:#?}"
    );
}
