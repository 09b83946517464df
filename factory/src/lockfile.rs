//! The exact version of every crate. A server starts from the set that the factory was tested with, and
//! a project keeps its own in `mcp-factory.lock`, so that today's build is tomorrow's build.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{VERSION, embedded, memo::sha256};

/// The project's lockfile.
const FILE_NAME: &str = "mcp-factory.lock";

/// Where the lockfile of the project in `folder` is.
pub(crate) fn beside(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

/// The comment that says which tested set a lockfile grew from.
fn header() -> String {
    let digest = &sha256(embedded::lockfile().as_bytes())[..12];
    format!("# mcp-factory {VERSION} {digest}: every crate's exact version. Commit this file.\n")
}

/// A project's lockfile, from the `Cargo.lock` that cargo left.
pub(crate) fn of_cargo(lock: &str) -> String {
    format!("{}{lock}", header())
}

/// The `Cargo.lock` to start from: the project's own, or the tested set. After a change of factory it is
/// the new tested set, with what only the project uses kept as it was.
pub(crate) fn seed(project: &Path) -> String {
    let Ok(locked) = fs::read_to_string(project) else {
        return embedded::lockfile().to_owned();
    };
    match locked.strip_prefix(&header()) {
        Some(lock) => lock.to_owned(),
        None => {
            merge(embedded::lockfile(), &locked).unwrap_or_else(|| embedded::lockfile().to_owned())
        }
    }
}

/// The packages of `tested`, and those of `project` whose names are not among them.
fn merge(tested: &str, project: &str) -> Option<String> {
    let mut merged: toml::Table = tested.parse().ok()?;
    let mut project: toml::Table = project.parse().ok()?;
    let packages = merged.get_mut("package")?.as_array_mut()?;
    let names: BTreeSet<String> = packages
        .iter()
        .filter_map(|package| Some(package.get("name")?.as_str()?.to_owned()))
        .collect();
    let own = project.get_mut("package")?.as_array_mut()?;
    packages.extend(own.drain(..).filter(|package| {
        package
            .get("name")
            .and_then(|name| name.as_str())
            .is_some_and(|name| !names.contains(name))
    }));
    Some(merged.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_starts_from_the_tested_set_and_keeps_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(folder.path());
        assert_eq!(seed(&path), embedded::lockfile());
        fs::write(&path, of_cargo("version = 4\n")).unwrap();
        assert_eq!(seed(&path), "version = 4\n");
    }

    #[test]
    fn another_factory_brings_its_set_and_leaves_the_rest() {
        let tested = "version = 4\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        let project = "# older\nversion = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"own\"\nversion = \"0.3.1\"\n";
        let merged: toml::Table = merge(tested, project).unwrap().parse().unwrap();
        let packages: Vec<_> = merged["package"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| {
                (
                    package["name"].as_str().unwrap(),
                    package["version"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(packages, [("a", "2.0.0"), ("own", "0.3.1")]);
    }
}
