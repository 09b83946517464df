//! Which file a path argument means.

use std::fs;

use mcp_plugin_fs::{Mode, RootConfig};

use crate::sandbox::{Sandbox, refused, root};

fn two_roots() -> Sandbox {
    let sandbox = Sandbox::with(|config, base| {
        fs::create_dir(base.join("second")).unwrap();
        fs::write(base.join("second/b.txt"), "second b").unwrap();
        config.roots.push(root(&base.join("second"), Mode::Ro));
    });
    sandbox.put("a.txt", "first a").put("dir/b.txt", "first b");
    sandbox
}

#[test]
fn relative_paths_start_in_the_first_root() {
    let sandbox = two_roots();
    for path in [
        "a.txt",
        "./a.txt",
        "dir/../a.txt",
        "dir//./../a.txt",
        "root:a.txt",
    ] {
        assert_eq!(sandbox.read(path).unwrap(), "first a", "{path}");
    }
    refused(
        sandbox.read("b.txt"),
        &["\"b.txt\" does not exist", "list_directory"],
    );
}

#[test]
fn a_name_and_a_colon_choose_a_root() {
    let sandbox = two_roots();
    assert_eq!(sandbox.read("second:b.txt").unwrap(), "second b");
    refused(sandbox.read("second:/b.txt"), &["without a leading slash"]);
    refused(sandbox.read("third:b.txt"), &["does not exist"]);
}

#[test]
fn a_colon_in_a_file_name_stays_reachable() {
    let sandbox = two_roots();
    sandbox
        .put("third:x.txt", "a colon")
        .put("second:b.txt", "a trap");
    assert_eq!(sandbox.read("third:x.txt").unwrap(), "a colon");
    assert_eq!(sandbox.read("./second:b.txt").unwrap(), "a trap");
    let found = sandbox.files.info("./second:b.txt").unwrap();
    assert_eq!(found.path, "./second:b.txt");
}

#[test]
fn absolute_paths_count_below_a_root_by_whole_components() {
    let sandbox = two_roots();
    let absolute = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    assert_eq!(
        sandbox.read(&absolute(sandbox.path("a.txt"))).unwrap(),
        "first a"
    );
    assert_eq!(
        sandbox
            .read(&absolute(sandbox.beside("second/b.txt")))
            .unwrap(),
        "second b"
    );
    assert_eq!(
        sandbox
            .files
            .info(&absolute(sandbox.beside("second/b.txt")))
            .unwrap()
            .path,
        "second:b.txt"
    );
    for outside in [
        "outside/secret.txt",
        "root2/a.txt",
        "root\"",
        "root ",
        "root/../outside/secret.txt",
    ] {
        let result = sandbox.files.info(&absolute(sandbox.beside(outside)));
        let message = result.unwrap_err().to_string();
        assert!(
            message.contains("outside the directories") || message.contains("leads out"),
            "{message}"
        );
    }
    refused(
        sandbox.read("/etc/passwd"),
        &["\"/etc/passwd\" is outside", "list_allowed_directories"],
    );
    refused(sandbox.read("/"), &["outside"]);
}

#[test]
fn the_path_of_a_linked_root_is_known_by_both_its_names() {
    let sandbox = Sandbox::with(|config, base| {
        std::os::unix::fs::symlink(base.join("root"), base.join("alias")).unwrap();
        config.roots[0].path = base.join("alias");
    });
    sandbox.put("a.txt", "a");
    for name in ["alias", "root"] {
        assert_eq!(
            sandbox
                .read(sandbox.beside(name).join("a.txt").to_str().unwrap())
                .unwrap(),
            "a"
        );
    }
}

#[test]
fn results_name_paths_in_a_form_that_can_be_passed_back() {
    let sandbox = two_roots();
    for path in ["a.txt", "second:b.txt", ".", "second:", "dir"] {
        assert_eq!(sandbox.files.info(path).unwrap().path, path);
    }
    let allowed = sandbox.files.allowed();
    let named: Vec<_> = allowed
        .roots
        .iter()
        .map(|root| (root.name.as_str(), root.mode, root.path.as_str()))
        .collect();
    assert_eq!(
        named,
        [("root", Mode::Rw, "."), ("second", Mode::Ro, "second:")]
    );
}

#[test]
fn what_no_path_may_be() {
    let sandbox = two_roots();
    refused(sandbox.read(""), &["the path is empty", "\".\""]);
    refused(sandbox.read("a\0.txt"), &["NUL"]);
    refused(sandbox.read(&"x/".repeat(3000)), &["longer than 4096"]);
    refused(sandbox.read(&"x".repeat(300)), &["too long"]);
    refused(sandbox.read("a.txt/"), &["not a directory"]);
    refused(sandbox.read("a.txt/b"), &["not a directory"]);
    refused(sandbox.read("dir"), &["is a directory"]);
    refused(sandbox.read("."), &["is a directory"]);
}

#[test]
fn odd_names_mean_themselves() {
    let sandbox = Sandbox::new();
    let odd = [
        "a\"",
        "a'",
        " lead",
        "trail ",
        "line\nbreak",
        "tab\t",
        "%2e%2e",
        "~",
        "$HOME",
        "*",
        "back\\slash",
        "...",
        "-rf",
    ];
    for name in odd {
        sandbox.put(name, name);
    }
    for name in odd {
        assert_eq!(sandbox.read(name).unwrap(), name);
    }
    // A quote or a blank more or less is another file.
    for other in ["\"a\"", "a", "lead", "trail", "trail  ", "a' "] {
        refused(sandbox.read(other), &["does not exist"]);
    }
    // In a message, a line break is not one.
    let message = sandbox.read("no\nsuch").unwrap_err().to_string();
    assert!(
        message.starts_with("\"no\\nsuch\" does not exist"),
        "{message}"
    );
}

#[test]
fn two_roots_of_one_name_can_be_named_apart() {
    let sandbox = Sandbox::with(|config, base| {
        fs::create_dir_all(base.join("other/root")).unwrap();
        fs::write(base.join("other/root/x"), "x").unwrap();
        config.roots.push(RootConfig {
            name: Some("My docs".into()),
            path: base.join("other/root"),
            mode: Mode::Ro,
        });
    });
    assert_eq!(sandbox.read("My docs:x").unwrap(), "x");
}
