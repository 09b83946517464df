//! The examples of the repository can be planned, and their READMEs tell of commands that exist.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::driver::Factory;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries
        .filter(|path| path.join("mcp-factory.toml").is_file())
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_example_can_be_generated() {
    let found = examples();
    assert_eq!(found.len(), 5, "{found:?}");
    for example in found {
        // A copy, so that the repository stays as it is.
        let factory = Factory::new();
        copy(&example, &factory.path("example"));
        let plan = factory
            .run(&["-C", "example", "plan", "--format", "json"])
            .succeeds()
            .json();
        assert_eq!(
            plan["server"]["name"].as_str(),
            example.file_name().and_then(|name| name.to_str())
        );
        factory.run(&["-C", "example", "generate"]).succeeds();
    }
}

#[test]
fn the_readmes_name_tools_that_exist() {
    for example in examples() {
        let folder = example.display().to_string();
        let plan = Factory::new()
            .run(&["-C", &folder, "plan", "--format", "json"])
            .succeeds()
            .json();
        let readme = fs::read_to_string(example.join("README.md")).unwrap();
        let called: Vec<&str> = readme
            .lines()
            .filter_map(|line| line.split(" call ").nth(1)?.split(' ').next())
            .collect();
        assert!(!called.is_empty(), "{folder}");
        for name in called {
            assert!(
                plan["tools"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|tool| tool["name"] == name),
                "{name} in {folder}"
            );
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            copy(&path, &to.join(&name));
        } else if path.is_file() && name != "mcp-factory.lock" {
            fs::copy(&path, to.join(&name)).unwrap();
        }
    }
}
