//! The sources that this binary carries: macros, runtime, built-in plugins, and the tested lockfile.
//! `build.rs` packs them; unpacking them is the business of `home`.

mod files {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// Every file: its path with `/` between the parts, and what is in it.
pub(crate) fn files() -> &'static [(&'static str, &'static [u8])] {
    files::FILES
}

/// Changes with any of the files.
pub(crate) const DIGEST: &str = files::DIGEST;

/// The text of one file.
pub(crate) fn text(path: &str) -> Option<&'static str> {
    let (_, contents) = files().iter().find(|(name, _)| *name == path)?;
    std::str::from_utf8(contents).ok()
}

/// The lockfile of everything that a server can be made of, as it was tested.
pub(crate) fn lockfile() -> &'static str {
    text("Cargo.lock").expect("build.rs packs Cargo.lock")
}

/// The crates of the factory that a server may link, and where each is below the unpacked sources.
pub(crate) fn crates() -> Vec<(String, &'static str)> {
    let manifests = files()
        .iter()
        .filter_map(|(path, _)| path.strip_suffix("/Cargo.toml"));
    let mut crates: Vec<_> = manifests
        .filter_map(|folder| {
            let manifest: toml::Table = text(&format!("{folder}/Cargo.toml"))?.parse().ok()?;
            Some((
                manifest.get("package")?.get("name")?.as_str()?.to_owned(),
                folder,
            ))
        })
        .collect();
    crates.sort();
    crates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_needs_is_carried_and_nothing_else() {
        let names: Vec<String> = crates().into_iter().map(|(name, _)| name).collect();
        for name in [
            "mcp-factory-guard",
            "mcp-factory-identity",
            "mcp-factory-macros",
            "mcp-factory-outbound",
            "mcp-factory-sdk",
            "mcp-factory-secrets",
            "mcp-factory-server",
            "mcp-plugin-echo",
        ] {
            assert!(
                names.iter().any(|carried| carried == name),
                "{name} is not among {names:?}"
            );
        }
        assert!(
            !names
                .iter()
                .any(|name| name == "mcp-factory" || name == "mcp-factory-tests")
        );
        assert!(
            !files()
                .iter()
                .any(|(path, _)| path.split('/').any(|part| part == "target"))
        );
        assert!(lockfile().contains("name = \"mcp-factory-server\""));
    }

    #[test]
    fn the_packed_workspace_lists_the_packed_members() {
        let manifest: toml::Table = text("Cargo.toml").unwrap().parse().unwrap();
        let members: Vec<&str> = manifest["workspace"]["members"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|member| member.as_str())
            .collect();
        let folders: Vec<&str> = crates().into_iter().map(|(_, folder)| folder).collect();
        assert_eq!(members.len(), folders.len());
        assert!(
            members.iter().all(|member| folders.contains(member)),
            "{members:?}"
        );
    }
}
