//! The working tree and the index, compared with `git status` and `git diff`.

use serde_json::{Value, json};

use crate::repo::Repo;

/// Our status in the words of `git status --porcelain -z`.
fn porcelain(status: &Value) -> Vec<String> {
    let letter = |entry: &Value| match entry["change"].as_str().unwrap() {
        "added" => 'A',
        "deleted" => 'D',
        "renamed" => 'R',
        "type_changed" => 'T',
        _ => 'M',
    };
    let mut lines = std::collections::BTreeMap::<String, (char, char, Option<String>)>::new();
    for entry in status["staged"].as_array().unwrap() {
        let old = entry["old_path"].as_str().map(str::to_owned);
        lines.insert(
            entry["path"].as_str().unwrap().to_owned(),
            (letter(entry), ' ', old),
        );
    }
    for entry in status["unstaged"].as_array().unwrap() {
        lines
            .entry(entry["path"].as_str().unwrap().to_owned())
            .or_insert((' ', ' ', None))
            .1 = letter(entry);
    }
    let mut out: Vec<String> = lines
        .into_iter()
        .map(|(path, (staged, unstaged, old))| match old {
            Some(old) => format!("{staged}{unstaged} {path}\0{old}"),
            None => format!("{staged}{unstaged} {path}"),
        })
        .collect();
    out.extend(
        status["untracked"]
            .as_array()
            .unwrap()
            .iter()
            .map(|path| format!("?? {}", path.as_str().unwrap())),
    );
    out.sort();
    out
}

fn of_git(repo: &Repo) -> Vec<String> {
    let text = repo.git(&["status", "--porcelain", "-z"]);
    let mut parts = text.split_terminator('\0');
    let mut out = Vec::new();
    while let Some(line) = parts.next() {
        if line.starts_with('R') {
            out.push(format!("{line}\0{}", parts.next().unwrap()));
        } else {
            out.push(line.to_owned());
        }
    }
    out.sort();
    out
}

async fn assert_same(repo: &Repo) {
    // Git may write the index when asked; we are asked first.
    let plugin = repo.plugin().await;
    let status = plugin
        .call_json("git_status", json!({ "repo_path": "r" }))
        .await
        .unwrap();
    let theirs = of_git(repo);
    assert_eq!(porcelain(&status), theirs);
    assert_eq!(status["clean"], theirs.is_empty());
    assert_same_changes(repo).await;
}

/// Beside the status: what git calls changed by a file's size alone is no change where line endings make it one.
async fn assert_same_changes(repo: &Repo) {
    let plugin = repo.plugin().await;
    let status = plugin.call_json("git_status", json!({})).await.unwrap();
    let plain = [
        "-c",
        "core.quotePath=false",
        "--no-optional-locks",
        "diff",
        "--abbrev=10",
        "--no-color",
    ];
    let names = repo.git(&[&plain[..], &["--name-only", "-z"]].concat());
    let names: Vec<&str> = names.split_terminator('\0').collect();
    let ours: Vec<&str> = status["unstaged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    assert_eq!(ours, names);
    let unstaged = plugin
        .call_json("git_diff_unstaged", json!({}))
        .await
        .unwrap();
    let staged = plugin
        .call_json("git_diff_staged", json!({}))
        .await
        .unwrap();
    assert_eq!(unstaged["diff"], repo.git(&plain));
    assert_eq!(
        staged["diff"],
        repo.git(&[&plain[..], &["--cached"]].concat())
    );
    if status["head"].is_string() {
        let all = plugin
            .call_json("git_diff", json!({ "target": "HEAD" }))
            .await
            .unwrap();
        assert_eq!(all["diff"], repo.git(&[&plain[..], &["HEAD"]].concat()));
    }
}

#[tokio::test]
async fn an_empty_repository() {
    let repo = Repo::new();
    assert_same(&repo).await;
    repo.write("new.txt", "x\n");
    repo.write("dir/other.txt", "x\n");
    assert_same(&repo).await;
    repo.git(&["add", "new.txt"]);
    assert_same(&repo).await;
    let status = repo
        .plugin()
        .await
        .call_json("git_status", json!({}))
        .await
        .unwrap();
    assert_eq!(
        (&status["branch"], &status["head"]),
        (&json!("main"), &Value::Null)
    );
}

#[tokio::test]
async fn staged_and_unstaged_mixtures() {
    let repo = Repo::new();
    for name in [
        "both",
        "staged",
        "unstaged",
        "gone",
        "gone-staged",
        "moved",
        "mode",
        "type",
        "same",
        "ünï cødé",
    ] {
        let lines: Vec<String> = (0..30).map(|line| format!("{name} {line}\n")).collect();
        repo.write(&format!("d/{name}"), lines.concat());
    }
    repo.commit("first");
    assert_same(&repo).await;
    let edit = |name: &str, text: &str| {
        let path = repo.path().join("d").join(name);
        let old = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}\n{old}{text} without end")).unwrap();
    };
    edit("both", "staged");
    edit("staged", "staged");
    repo.git(&["add", "-A"]);
    edit("both", "unstaged");
    edit("unstaged", "unstaged");
    edit("ünï cødé", "unstaged");
    repo.remove("d/gone");
    repo.git(&["rm", "-q", "d/gone-staged"]);
    repo.git(&["mv", "d/moved", "d/moved-to"]);
    edit("moved-to", "after the move");
    std::fs::set_permissions(
        repo.path().join("d/mode"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    repo.remove("d/type");
    std::os::unix::fs::symlink("same", repo.path().join("d/type")).unwrap();
    repo.write("d/untracked", "x");
    repo.write("e/only/untracked", "x");
    repo.write("new", "new\n");
    repo.git(&["add", "new"]);
    repo.write("intent", "intent\n");
    repo.git(&["add", "-N", "intent"]);
    assert_same(&repo).await;
    // The same content written anew is no change, whatever the times say.
    let same = std::fs::read(repo.path().join("d/same")).unwrap();
    repo.write("d/same", same);
    assert_same(&repo).await;
}

#[tokio::test]
async fn a_file_changed_within_the_clock_of_the_index_is_seen() {
    for _ in 0..20 {
        let repo = Repo::new();
        repo.write("a", "one\n");
        repo.commit("first");
        repo.write("a", "two\n");
        let status = repo
            .plugin()
            .await
            .call_json("git_status", json!({}))
            .await
            .unwrap();
        assert_eq!(status["unstaged"][0]["path"], "a");
    }
}

#[tokio::test]
async fn ignored_files() {
    let repo = Repo::new();
    repo.write(
        ".gitignore",
        "*.log\n!keep.log\n/build/\n**/tmp\ndocs/*.pdf\n\\#odd\n",
    );
    repo.write("src/.gitignore", "*.o\n!/special.o\nlocal/\n");
    repo.write(".git/info/exclude", "secret*\n");
    repo.commit("rules");
    for path in [
        "a.log",
        "keep.log",
        "build/x",
        "src/build/y",
        "src/a.o",
        "src/special.o",
        "src/sub/special.o",
        "src/local/z",
        "x/tmp/q",
        "docs/a.pdf",
        "docs/sub/a.pdf",
        "#odd",
        "secret.txt",
        "plain",
        "deep/only/ignored/a.log",
        "deep/mixed/a.log",
        "deep/mixed/b.txt",
        "tracked/tmp/file",
    ] {
        repo.write(path, "x");
    }
    repo.git(&["add", "-f", "tracked/tmp/file"]);
    repo.write("tracked/tmp/other", "x");
    std::fs::create_dir_all(repo.path().join("empty/dir")).unwrap();
    assert_same(&repo).await;
}

#[tokio::test]
async fn line_endings() {
    let repo = Repo::new();
    repo.write(".gitattributes", "*.txt text\n*.auto text=auto\n*.raw -text\n*.crlf text eol=crlf\n[attr]raw -text\n*.bin raw\nsub/x.txt -text\n");
    let names = [
        "a.txt",
        "a.auto",
        "a.raw",
        "a.crlf",
        "a.bin",
        "sub/x.txt",
        "none",
        "sub/y.txt",
    ];
    for name in names {
        repo.write(name, "one\ntwo\nthree\n");
    }
    repo.write("stored.auto", "x\n");
    repo.commit("lf");
    for name in names {
        repo.write(name, "one\r\ntwo\r\nthree\r\n");
    }
    assert_same_changes(&repo).await;
    for name in names {
        repo.write(name, "one\r\nchanged\r\nthree\r\n");
    }
    assert_same_changes(&repo).await;
    for name in names {
        repo.write(name, "one\rtwo\r\n\0three\r\n");
    }
    assert_same_changes(&repo).await;
}

#[tokio::test]
async fn line_endings_by_configuration() {
    for setting in ["true", "input", "false"] {
        let repo = Repo::new();
        repo.git(&["config", "core.autocrlf", "false"]);
        repo.write("lf", "one\ntwo\n");
        repo.write("crlf", "one\r\ntwo\r\n");
        repo.write("marked.sh", "one\ntwo\n");
        repo.write(".gitattributes", "*.sh text\n");
        repo.commit("first");
        repo.git(&["config", "core.autocrlf", setting]);
        repo.write("lf", "one\r\ntwo\r\n");
        repo.write("crlf", "one\r\nnew\r\ntwo\r\n");
        repo.write("marked.sh", "one\r\ntwo\r\n");
        assert_same_changes(&repo).await;
    }
}

#[tokio::test]
async fn a_detached_head_and_a_conflict() {
    let repo = Repo::new();
    repo.write("a", "base\n");
    repo.commit("base");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("a", "side\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "main\n");
    repo.write("other", "x\n");
    let main = repo.commit("main");
    repo.git(&["checkout", "-q", "--detach"]);
    assert_same(&repo).await;
    let status = repo
        .plugin()
        .await
        .call_json("git_status", json!({}))
        .await
        .unwrap();
    assert_eq!(
        (&status["branch"], &status["head"]),
        (&Value::Null, &json!(main))
    );
    repo.git_may_fail(&["merge", "side"]);
    repo.write("other", "y\n");
    let plugin = repo.plugin().await;
    let status = plugin.call_json("git_status", json!({})).await.unwrap();
    assert_eq!(status["conflicts"], json!(["a"]));
    assert_eq!(status["unstaged"][0]["path"], "other");
    let diff = plugin
        .call_json("git_diff_unstaged", json!({}))
        .await
        .unwrap();
    assert_eq!(diff["files"][0]["change"], "unmerged");
    assert!(
        diff["diff"]
            .as_str()
            .unwrap()
            .starts_with("* Unmerged path a\n")
    );
    assert!(
        repo.git(&["diff", "--cached"])
            .starts_with("* Unmerged path a\n")
    );
}

#[tokio::test]
async fn everything_deleted_and_a_directory_for_a_file() {
    let repo = Repo::new();
    repo.write("a", "x\n");
    repo.write("d/b", "x\n");
    repo.write("link/inside", "x\n");
    repo.commit("first");
    repo.remove("a");
    std::fs::remove_dir_all(repo.path().join("d")).unwrap();
    assert_same(&repo).await;
    repo.write("a/now/a/directory", "x\n");
    std::fs::remove_dir_all(repo.path().join("link")).unwrap();
    std::os::unix::fs::symlink(repo.path().join("a"), repo.path().join("link")).unwrap();
    assert_same_changes(&repo).await;
    let status = repo
        .plugin()
        .await
        .call_json("git_status", json!({}))
        .await
        .unwrap();
    // Git itself keeps the directory to itself as long as the file of its name is in the index.
    assert_eq!(
        porcelain(&status),
        [" D a", " D d/b", " D link/inside", "?? a/", "?? link"]
    );
}

#[tokio::test]
async fn sparse_and_assumed_files_are_left_alone() {
    let repo = Repo::new();
    for name in ["assumed", "skipped", "seen"] {
        repo.write(name, "x\n");
    }
    repo.commit("first");
    repo.git(&["update-index", "--assume-unchanged", "assumed"]);
    repo.git(&["update-index", "--skip-worktree", "skipped"]);
    for name in ["assumed", "seen"] {
        repo.write(name, "y\n");
    }
    repo.remove("skipped");
    assert_same(&repo).await;
}

#[tokio::test]
async fn nested_repositories_and_submodules_are_not_entered() {
    let repo = Repo::new();
    repo.write("a", "x\n");
    repo.commit("first");
    let inner = Repo::new();
    inner.write("f", "x\n");
    let id = inner.commit("inner");
    repo.git(&["clone", "-q", inner.path().to_str().unwrap(), "nested"]);
    assert_same(&repo).await;
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{id},nested"),
    ]);
    assert_same(&repo).await;
    std::fs::remove_dir_all(repo.path().join("nested")).unwrap();
    assert_same(&repo).await;
}
