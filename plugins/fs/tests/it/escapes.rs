//! Every known way out of a root, and where it ends.

use std::fs;
use std::os::unix::fs::symlink;

use mcp_plugin_fs::{ListRequest, SortBy, WriteMode, WriteRequest};

use crate::sandbox::{SECRET, Sandbox, refused};

/// Tries every tool on a path that leads out; the words are in each refusal.
fn refuses_everywhere(sandbox: &Sandbox, path: &str, words: &[&str]) {
    let files = &sandbox.files;
    refused(sandbox.read(path), words);
    refused(files.read_media(path), words);
    refused(files.info(path), words);
    let list = ListRequest {
        path: path.into(),
        sort: SortBy::Name,
        sizes: false,
        limit: 10,
        cursor: None,
    };
    refused(files.list(&list), words);
    for mode in [WriteMode::Create, WriteMode::Overwrite, WriteMode::Append] {
        let write = WriteRequest {
            path: path.into(),
            content: "pwned".into(),
            mode,
            if_sha256: None,
        };
        refused(files.write(&write), words);
    }
    refused(files.create_directory(&format!("{path}/new")), words);
    refused(files.copy(path, "copy", false), words);
    refused(files.copy("inside", path, true), words);
    assert_eq!(
        fs::read_to_string(sandbox.beside("outside/secret.txt")).unwrap(),
        SECRET
    );
    assert_eq!(fs::read_dir(sandbox.beside("outside")).unwrap().count(), 1);
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("inside", "inside").put("d/f", "inside");
    sandbox
}

#[test]
fn dots() {
    let sandbox = sandbox();
    for path in [
        "../outside/secret.txt",
        "d/../../outside/secret.txt",
        "root:../outside/secret.txt",
        "./../root/../outside/secret.txt",
        "..",
        "d/../..",
    ] {
        refuses_everywhere(&sandbox, path, &["leads out of its root"]);
    }
    // Out and in again is out.
    refused(sandbox.read("../root/inside"), &["leads out"]);
}

#[test]
fn links_that_climb() {
    let sandbox = sandbox();
    sandbox
        .link("climb", "../outside/secret.txt")
        .link("dir", "../outside")
        .link("d/deep", "../../outside");
    sandbox.link("chain", "dir").link("up", "..");
    for path in [
        "climb",
        "dir/secret.txt",
        "d/deep/secret.txt",
        "chain/secret.txt",
        "up/outside/secret.txt",
    ] {
        refuses_everywhere(&sandbox, path, &["leads out of its root"]);
    }
}

#[test]
fn absolute_links_are_never_followed_not_even_to_the_inside() {
    let sandbox = sandbox();
    sandbox
        .link("out", sandbox.beside("outside/secret.txt"))
        .link("dir", sandbox.beside("outside"));
    sandbox
        .link("in", sandbox.path("inside"))
        .link("passwd", "/etc/passwd")
        .link("proc", "/proc/self/root");
    for path in ["out", "dir/secret.txt", "in", "passwd", "proc/etc/passwd"] {
        refuses_everywhere(&sandbox, path, &["absolute target"]);
    }
}

#[test]
fn magic_links_of_proc() {
    // A root that holds such links without any of them being absolute by its text.
    let sandbox = Sandbox::with(|config, _| {
        config.roots.push(mcp_plugin_fs::RootConfig {
            name: Some("proc".into()),
            path: "/proc/self".into(),
            mode: mcp_plugin_fs::Mode::Ro,
        });
    });
    for path in ["proc:root/etc/passwd", "proc:cwd/Cargo.toml", "proc:exe"] {
        refused(sandbox.read(path), &["absolute target"]);
    }
    let secret = fs::File::open(sandbox.beside("outside/secret.txt")).unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&secret);
    refused(
        sandbox.read(&format!("proc:fd/{descriptor}")),
        &["absolute target"],
    );
}

#[test]
fn links_to_nothing_make_nothing() {
    let sandbox = sandbox();
    sandbox
        .link("dangling", "../outside/new.txt")
        .link("inner", "not-yet")
        .link("d/far", "../../outside/no/such");
    let write = |path: &str| {
        let write = WriteRequest {
            path: path.into(),
            content: "x".into(),
            mode: WriteMode::Create,
            if_sha256: None,
        };
        sandbox.files.write(&write)
    };
    refused(write("dangling"), &["leads out"]);
    refused(write("d/far"), &["leads out"]);
    refused(write("inner"), &["symbolic link to nothing"]);
    refused(sandbox.read("inner"), &["symbolic link to nothing"]);
    refused(
        sandbox.files.create_directory("inner"),
        &["symbolic link to nothing"],
    );
    refused(sandbox.files.create_directory("dangling/x"), &["leads out"]);
    refused(
        sandbox.files.copy("inside", "inner", false),
        &["symbolic link to nothing"],
    );
    assert_eq!(fs::read_dir(sandbox.beside("outside")).unwrap().count(), 1);
    assert!(!sandbox.path("not-yet").exists());
}

#[test]
fn loops_end() {
    let sandbox = sandbox();
    sandbox
        .link("a", "b")
        .link("b", "a")
        .link("self", "self")
        .link("here", ".");
    for path in ["a", "self", "a/x"] {
        refused(sandbox.read(path), &["more than 40 symbolic links"]);
    }
    assert_eq!(
        sandbox
            .read(&format!("{}inside", "here/".repeat(40)))
            .unwrap(),
        "inside"
    );
    refused(
        sandbox.read(&format!("{}inside", "here/".repeat(41))),
        &["more than 40"],
    );
}

#[test]
fn links_inside_the_root_work() {
    let sandbox = sandbox();
    sandbox
        .link("l", "d/f")
        .link("dir", "d")
        .link("d/up", "../inside")
        .link("d/e/far", "../../dir/./up");
    for path in ["l", "dir/f", "d/up", "dir/up", "d/e/far", "dir/../inside"] {
        assert_eq!(sandbox.read(path).unwrap(), "inside", "{path}");
    }
}

#[test]
fn a_link_that_can_only_mean_a_directory_means_no_file() {
    let sandbox = sandbox();
    sandbox
        .link("slash", "inside/")
        .link("dot", "inside/.")
        .link("through", "slash")
        .link("dir", "d/");
    for path in ["slash", "dot", "through"] {
        refused(sandbox.read(path), &["not a directory"]);
    }
    assert_eq!(sandbox.read("dir/f").unwrap(), "inside");
}

#[test]
fn a_root_is_the_directory_that_was_opened_whatever_its_path_becomes() {
    let sandbox = sandbox();
    fs::rename(sandbox.path(""), sandbox.beside("elsewhere")).unwrap();
    symlink(sandbox.beside("outside"), sandbox.beside("root")).unwrap();
    assert_eq!(sandbox.read("inside").unwrap(), "inside");
    refused(sandbox.read("secret.txt"), &["does not exist"]);
    let absolute = sandbox.beside("root/secret.txt");
    refused(
        sandbox
            .files
            .info(absolute.to_str().unwrap())
            .map_err(strip_host),
        &["does not exist"],
    );
    fs::remove_file(sandbox.beside("root")).unwrap();
    fs::rename(sandbox.beside("elsewhere"), sandbox.path("")).unwrap();
}

/// The path the caller gave may be repeated to it; here that is one of the host.
#[expect(clippy::needless_pass_by_value, reason = "it is mapped over a result")]
fn strip_host(error: mcp_plugin_fs::FsError) -> mcp_plugin_fs::FsError {
    mcp_plugin_fs::FsError::Argument(error.to_string().replace("/tmp", ""))
}
