//! Repositories that somebody hostile made: nothing of them is executed, nothing outside of them is read.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::repo::{Repo, busy, every_tool, failure, start};

/// A program that leaves a mark when it runs, and the place of the mark.
fn canary(repo: &Repo) -> (String, PathBuf) {
    let mark = repo.dir.path().join("mark");
    let program = repo.dir.path().join("canary");
    let script = format!("#!/bin/sh\ntouch '{}'\n", mark.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program.to_str().unwrap().to_owned(), mark)
}

#[tokio::test]
async fn no_program_that_a_configuration_names_is_run() {
    for (key, attributes, provoke) in [
        ("core.fsmonitor", "", &["status"][..]),
        ("diff.external", "", &["diff"]),
        ("core.pager", "", &["-p", "diff"]),
        ("filter.evil.clean", "*.txt filter=evil", &["diff"]),
        (
            "filter.evil.smudge",
            "*.txt filter=evil",
            &["checkout", "--", "f.txt"],
        ),
        ("filter.evil.process", "*.txt filter=evil", &["diff"]),
        ("diff.evil.textconv", "*.txt diff=evil", &["diff"]),
        ("diff.evil.command", "*.txt diff=evil", &["diff"]),
        ("gpg.program", "", &["show", "--show-signature"]),
        ("core.sshCommand", "", &["fetch", "ssh://localhost/x"]),
        ("core.editor", "", &["commit", "--amend"]),
        ("core.alternateRefsCommand", "", &["status"]),
        ("credential.helper", "", &["status"]),
        ("uploadpack.packObjectsHook", "", &["status"]),
    ] {
        for global_attributes in [false, true] {
            let repo = busy();
            let (program, mark) = canary(&repo);
            if global_attributes {
                repo.write(".git/info/attributes", attributes);
            } else {
                repo.write(".gitattributes", attributes);
            }
            repo.git(&["config", key, &program]);
            if key == "gpg.program" {
                // A commit that says it is signed.
                let body = repo.git(&["cat-file", "commit", "HEAD"]);
                let signed = body.replacen("\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1);
                std::fs::write(repo.dir.path().join("signed"), signed).unwrap();
                let id = repo.git(&["hash-object", "-t", "commit", "-w", "../signed"]);
                repo.git(&["update-ref", "HEAD", id.trim()]);
            }
            std::fs::remove_file(&mark).ok();
            let plugin = repo.plugin_with(json!({ "confine": "off" })).await;
            let said = every_tool(&plugin).await;
            assert!(!mark.exists(), "{key} was run by one of:\n{said}");
            assert!(said.contains("changed"), "{said}");
            // The trap is a real one.
            let runs_it = matches!(
                key,
                "core.fsmonitor"
                    | "diff.external"
                    | "filter.evil.clean"
                    | "filter.evil.smudge"
                    | "filter.evil.process"
                    | "diff.evil.textconv"
                    | "diff.evil.command"
                    | "gpg.program"
                    | "core.sshCommand"
                    | "core.editor"
            );
            repo.git_may_fail(provoke);
            assert_eq!(mark.exists(), runs_it, "{key}: real git");
        }
    }
}

#[tokio::test]
async fn no_hook_is_run() {
    let repo = busy();
    let (program, mark) = canary(&repo);
    repo.git(&[
        "config",
        "core.hooksPath",
        repo.dir.path().join("hooks").to_str().unwrap(),
    ]);
    for directory in [
        repo.path().join(".git/hooks"),
        repo.dir.path().join("hooks"),
    ] {
        std::fs::create_dir_all(&directory).unwrap();
        for hook in [
            "post-index-change",
            "fsmonitor-watchman",
            "post-checkout",
            "reference-transaction",
            "pre-commit",
            "pre-auto-gc",
        ] {
            std::fs::copy(&program, directory.join(hook)).unwrap();
        }
    }
    every_tool(&repo.plugin_with(json!({ "confine": "off" })).await).await;
    assert!(!mark.exists());
    repo.git_may_fail(&["commit", "-m", "x"]);
    assert!(mark.exists(), "the trap is a real one");
}

#[tokio::test]
async fn no_other_configuration_is_read() {
    let repo = busy();
    let outside = repo.dir.path().join("outside.config");
    // If it were read, the repository would be refused for its format.
    std::fs::write(
        &outside,
        "[extensions]\n\tobjectFormat = sha256\n[core]\n\trepositoryformatversion = 9\n",
    )
    .unwrap();
    let outside = outside.to_str().unwrap();
    repo.git(&["config", "include.path", outside]);
    repo.git(&["config", "includeIf.gitdir:/.path", outside]);
    repo.write(
        ".git/config.worktree",
        "[core]\n\trepositoryformatversion = 9\n",
    );
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    repo.git(&["config", "core.attributesFile", outside]);
    repo.git(&[
        "config",
        "core.excludesFile",
        repo.dir.path().join("ignore-all").to_str().unwrap(),
    ]);
    std::fs::write(repo.dir.path().join("ignore-all"), "*\n").unwrap();
    repo.git_may_fail(&["config", "core.worktree", repo.dir.path().to_str().unwrap()]);
    for confine in ["off", "auto"] {
        let plugin = repo.plugin_with(json!({ "confine": confine })).await;
        let status = plugin.call_json("git_status", json!({})).await.unwrap();
        assert_eq!(status["untracked"], json!(["untracked.txt"]));
    }
}

/// Makes a repository point outside, and expects it to be refused by a sentence that names how.
async fn refused(words: &str, poison: impl Fn(&Repo, &Path)) {
    for confine in ["off", "auto"] {
        let repo = busy();
        let outside = Repo::new();
        outside.write("secret.txt", "canary-content\n");
        outside.commit("secret");
        let started = repo.plugin_with(json!({ "confine": confine })).await;
        poison(&repo, &outside.path());
        let said = every_tool(&started).await;
        assert!(!said.contains("canary-content"), "{said}");
        let refusals = said.lines().filter(|line| line.contains(words)).count();
        assert_eq!(
            refusals, 14,
            "{words:?} in all but the list of names, {confine}:\n{said}"
        );
        let error = start(&repo.path(), json!({ "confine": confine }))
            .await
            .expect_err("it does not start");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn what_points_outside_is_refused() {
    let git = |repo: &Repo| repo.path().join(".git");
    refused(
        "`.git` is a file that names another directory",
        |repo, outside| {
            std::fs::remove_dir_all(git(repo)).unwrap();
            std::fs::write(
                git(repo),
                format!("gitdir: {}\n", outside.join(".git").display()),
            )
            .unwrap();
        },
    )
    .await;
    refused(
        "`.git` is not a directory, and links are never followed",
        |repo, outside| {
            std::fs::remove_dir_all(git(repo)).unwrap();
            symlink(outside.join(".git"), git(repo)).unwrap();
        },
    )
    .await;
    refused(
        "`commondir` makes its data another directory's",
        |repo, outside| {
            std::fs::write(
                git(repo).join("commondir"),
                outside.join(".git").to_str().unwrap(),
            )
            .unwrap();
        },
    )
    .await;
    for name in ["alternates", "http-alternates"] {
        refused(
            &format!("`objects/info/{name}` takes objects from another place"),
            |repo, outside| {
                std::fs::create_dir_all(git(repo).join("objects/info")).unwrap();
                let place = outside.join(".git/objects");
                std::fs::write(
                    git(repo).join("objects/info").join(name),
                    place.to_str().unwrap(),
                )
                .unwrap();
            },
        )
        .await;
    }
    for name in [
        "HEAD",
        "config",
        "index",
        "packed-refs",
        "shallow",
        "objects",
        "refs",
        "info",
    ] {
        refused(&format!("`{name}` is a symbolic link"), |repo, outside| {
            let path = git(repo).join(name);
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
            } else {
                std::fs::remove_file(&path).ok();
            }
            symlink(outside.join(".git").join(name), path).unwrap();
        })
        .await;
    }
    for (name, target) in [
        ("objects/pack", ".git/objects/pack"),
        ("objects/ff", ".git/objects"),
        ("objects/fe/00", ".git/HEAD"),
        ("refs/heads/x", ".git/refs/heads/main"),
        ("refs/y", ".git/refs"),
        ("refs/heads/a/b", "secret.txt"),
        ("info/exclude", "secret.txt"),
    ] {
        refused(&format!("`{name}` is a symbolic link"), |repo, outside| {
            let path = git(repo).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
            }
            std::fs::remove_file(&path).ok();
            symlink(outside.join(target), path).unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_fifo_holds_nobody_up() {
    for name in ["HEAD", "index", "refs/heads/x", "objects/info/x"] {
        let begun = Instant::now();
        refused(&format!("`{name}` is a FIFO"), |repo, _| {
            let path = repo.path().join(".git").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::remove_file(&path).ok();
            assert!(
                std::process::Command::new("mkfifo")
                    .arg(path)
                    .status()
                    .unwrap()
                    .success()
            );
        })
        .await;
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn what_is_above_is_not_found() {
    let repo = busy();
    std::fs::create_dir(repo.path().join("below")).unwrap();
    let error = start(&repo.path().join("below"), json!({}))
        .await
        .expect_err("it does not start");
    assert!(
        error
            .to_string()
            .contains("a path above or below is not tried"),
        "{error}"
    );
    let error = start(repo.dir.path(), json!({}))
        .await
        .expect_err("it does not start");
    assert!(
        error.to_string().contains("there is no git repository"),
        "{error}"
    );
}

#[tokio::test]
async fn links_of_the_working_tree_are_not_followed() {
    for confine in ["off", "auto"] {
        let repo = Repo::new();
        let outside = repo.dir.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("f.txt"), "canary-content\n").unwrap();
        std::fs::write(outside.join(".gitignore"), "*\n").unwrap();
        repo.write("f.txt", "x\n");
        repo.write("dir/f.txt", "x\n");
        repo.write("attributes/f.txt", "x\n");
        repo.commit("first");
        repo.commit("second");
        repo.remove("f.txt");
        symlink(outside.join("f.txt"), repo.path().join("f.txt")).unwrap();
        std::fs::remove_dir_all(repo.path().join("dir")).unwrap();
        symlink(&outside, repo.path().join("dir")).unwrap();
        symlink(outside.join(".gitignore"), repo.path().join(".gitignore")).unwrap();
        repo.write("seen", "x");
        let plugin = repo.plugin_with(json!({ "confine": confine })).await;
        let said = every_tool(&plugin).await;
        assert!(!said.contains("canary-content"), "{said}");
        let status = plugin.call_json("git_status", json!({})).await.unwrap();
        assert_eq!(status["untracked"], json!([".gitignore", "dir", "seen"]));
        let diff = plugin
            .call_json("git_diff_unstaged", json!({ "path": "f.txt" }))
            .await
            .unwrap();
        assert_eq!(diff["files"][0]["change"], "type_changed");
        assert!(
            diff["diff"].as_str().unwrap().contains("outside/f.txt"),
            "the link's own text: {diff}"
        );
    }
}

#[tokio::test]
async fn paths_of_an_index_lead_nowhere() {
    let repo = Repo::new();
    repo.write("f.txt", "x\n");
    repo.write("xx/secret", "harmless\n");
    repo.write("yyyyyyyyyyy/secret", "harmless\n");
    repo.commit("first");
    repo.commit("second");
    std::fs::write(repo.dir.path().join("secret"), "canary-content\n").unwrap();
    std::fs::write(repo.path().join(".git/secret"), "canary-content\n").unwrap();
    let index = repo.path().join(".git/index");
    for (from, to) in [
        (&b"xx/secret"[..], &b"../secret"[..]),
        (b"yyyyyyyyyyy/secret", b"./././.git/secret"),
    ] {
        let mut bytes = std::fs::read(&index).unwrap();
        let at = bytes
            .windows(from.len())
            .position(|part| part == from)
            .unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        std::fs::write(&index, bytes).unwrap();
    }
    for confine in ["off", "auto"] {
        let said = every_tool(&repo.plugin_with(json!({ "confine": confine })).await).await;
        assert!(!said.contains("canary-content"), "{said}");
    }
}

#[tokio::test]
async fn arguments_are_no_options_and_no_ways_out() {
    let repo = busy();
    let (_, mark) = canary(&repo);
    let plugin = repo.plugin().await;
    let output = format!("--output={}", mark.display());
    for bad in [
        "-p",
        "--help",
        "--output=/tmp/x",
        output.as_str(),
        "-",
        "--upload-pack=x",
        "$(touch x)",
        "; touch x",
        "/etc/passwd",
        "../HEAD",
        "refs/../config",
    ] {
        for (tool, argument) in [
            ("git_diff", "target"),
            ("git_show", "revision"),
            ("git_log", "revision"),
            ("git_branch", "contains"),
            ("git_branch", "not_contains"),
        ] {
            let said = failure(&plugin, tool, json!({ argument: bad })).await;
            let known =
                said.contains("is not a revision here") || said.contains("which is not supported");
            assert!(known, "{tool} {bad}: {said}");
        }
    }
    assert!(!mark.exists());
    for bad in [
        "../secret",
        "/etc/passwd",
        "../../../../etc/passwd",
        ".git/config",
        "./f.txt",
        "a/../f.txt",
    ] {
        for tool in ["git_read_file", "git_blame"] {
            let said = failure(&plugin, tool, json!({ "path": bad })).await;
            assert!(said.contains("there is no"), "{tool} {bad}: {said}");
        }
    }
}
