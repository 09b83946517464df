//! Answers whose form matters beside what git says.

use serde_json::{Value, json};

use crate::repo::Repo;

#[tokio::test]
async fn branches_are_those_of_git() {
    let repo = Repo::new();
    repo.write("f", "1\n");
    repo.commit("first");
    repo.git(&["branch", "old"]);
    repo.git(&["branch", "feature/ünï"]);
    repo.write("f", "2\n");
    let second = repo.commit("second");
    repo.git(&["branch", "new"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.git(&["update-ref", "refs/remotes/origin/old", "HEAD~1"]);
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["branch", "loose"]);
    repo.git(&["branch", "-f", "old", "HEAD~1"]);
    let plugin = repo.plugin().await;
    for (arguments, flags) in [
        (json!({}), &["--list"][..]),
        (json!({ "branch_type": "local" }), &["--list"]),
        (json!({ "branch_type": "remote" }), &["-r"]),
        (json!({ "branch_type": "all" }), &["-a"]),
        (json!({ "contains": second }), &["--contains", "main"]),
        (
            json!({ "not_contains": second }),
            &["--no-contains", "main"],
        ),
        (
            json!({ "branch_type": "all", "contains": "main~1" }),
            &["-a", "--contains", "main~1"],
        ),
        (
            json!({ "contains": "main~1", "not_contains": "main" }),
            &["--contains", "main~1", "--no-contains", "main"],
        ),
    ] {
        let ours = plugin
            .call_json("git_branch", arguments.clone())
            .await
            .unwrap();
        let names: Vec<&str> = ours["branches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|branch| branch["name"].as_str().unwrap())
            .collect();
        let theirs = repo.git(&[&["branch", "--format=%(refname:lstrip=2)"], flags].concat());
        assert_eq!(names, theirs.lines().collect::<Vec<_>>(), "{arguments}");
        assert_eq!(ours["current"], "main");
    }
    let all = plugin
        .call_json("git_branch", json!({ "branch_type": "remote" }))
        .await
        .unwrap();
    assert_eq!(
        (
            &all["branches"][0]["remote"],
            &all["branches"][0]["subject"]
        ),
        (&json!(true), &json!("second"))
    );
    assert_eq!(all["branches"][0]["commit"], second);
}

#[tokio::test]
async fn dates_select_commits() {
    let repo = Repo::new();
    for number in 0..10 {
        repo.write("f", number.to_string());
        repo.commit("x");
    }
    let dates = repo.git(&["log", "--format=%ct"]);
    let dates: Vec<i64> = dates.lines().map(|date| date.parse().unwrap()).collect();
    let plugin = repo.plugin().await;
    for (since, until) in [
        (Some(dates[3]), None),
        (None, Some(dates[3])),
        (Some(dates[7]), Some(dates[2])),
        (Some(dates[0] + 1), None),
    ] {
        let mut arguments = json!({ "max_count": 100 });
        let mut flags = vec!["log".to_owned(), "--format=%H".to_owned()];
        if let Some(since) = since {
            arguments["start_timestamp"] = json!(format!("@{since}"));
            flags.push(format!("--since=@{since}"));
        }
        if let Some(until) = until {
            arguments["end_timestamp"] = json!(format!("@{until}"));
            flags.push(format!("--until=@{until}"));
        }
        let ours = plugin.call_json("git_log", arguments).await.unwrap();
        let ids: Vec<&str> = ours["commits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|commit| commit["commit"].as_str().unwrap())
            .collect();
        let theirs = repo.git(&flags.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ids, theirs.lines().collect::<Vec<_>>(), "{flags:?}");
    }
    let ours = plugin
        .call_json("git_log", json!({ "start_timestamp": "2 days ago" }))
        .await
        .unwrap();
    assert_eq!(ours["commits"], json!([]));
}

#[tokio::test]
async fn binary_files_are_said_to_be_binary() {
    let repo = Repo::new();
    repo.write("b", [0, 1, 2]);
    repo.commit("first");
    repo.write("b", [0, 1, 3]);
    let plugin = repo.plugin().await;
    let diff = plugin
        .call_json("git_diff_unstaged", json!({}))
        .await
        .unwrap();
    assert_eq!(diff["files"][0]["binary"], true);
    assert!(
        diff["diff"]
            .as_str()
            .unwrap()
            .ends_with("Binary files a/b and b/b differ\n")
    );
    assert_eq!(diff["diff"], repo.git(&["diff", "--abbrev=10"]));
}

#[tokio::test]
async fn a_path_selects_files_of_a_difference() {
    let repo = Repo::new();
    for path in ["a", "d/b", "d/c", "dd"] {
        repo.write(path, "x\n");
    }
    repo.commit("first");
    let plugin = repo.plugin().await;
    for (path, expected) in [
        ("d", vec!["d/b", "d/c"]),
        ("d/", vec!["d/b", "d/c"]),
        ("a", vec!["a"]),
        ("none", vec![]),
    ] {
        let show = plugin
            .call_json("git_show", json!({ "revision": "HEAD", "path": path }))
            .await
            .unwrap();
        let paths: Vec<&str> = show["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].as_str().unwrap())
            .collect();
        assert_eq!(paths, expected, "{path}");
    }
}

#[tokio::test]
async fn texts_that_are_not_utf8_do_not_break_an_answer() {
    let repo = Repo::new();
    repo.write("latin1", b"caf\xe9\n");
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"na\xffme");
    std::fs::write(repo.path().join(name), "x\n").unwrap();
    repo.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    repo.git(&["add", "-A"]);
    std::fs::write(repo.dir.path().join("message"), b"caf\xe9").unwrap();
    repo.git(&["commit", "-q", "-F", "../message"]);
    let plugin = repo.plugin().await;
    let show = plugin
        .call_json("git_show", json!({ "revision": "HEAD" }))
        .await
        .unwrap();
    assert_eq!(show["message"], "caf\u{fffd}");
    assert!(show["diff"].as_str().unwrap().contains("+caf\u{fffd}"));
    assert_eq!(show["files"][1]["path"], "na\u{fffd}me");
    let read = plugin
        .call_json("git_read_file", json!({ "path": "latin1" }))
        .await
        .unwrap();
    assert_eq!(read["text"], "caf\u{fffd}\n");
}

#[tokio::test]
async fn a_link_in_a_revision_is_its_text() {
    let repo = Repo::new();
    std::os::unix::fs::symlink("/etc/passwd", repo.path().join("link")).unwrap();
    repo.commit("first");
    let plugin = repo.plugin().await;
    let read = plugin
        .call_json("git_read_file", json!({ "path": "link" }))
        .await
        .unwrap();
    assert_eq!(read["text"], "/etc/passwd");
    let list = plugin.call_json("git_list_files", json!({})).await.unwrap();
    assert_eq!(
        list["entries"],
        json!([{ "path": "link", "type": "symlink", "size": 11 }])
    );
}

#[tokio::test]
async fn an_empty_tree_and_a_first_commit() {
    let repo = Repo::new();
    repo.commit("nothing");
    let plugin = repo.plugin().await;
    let list = plugin.call_json("git_list_files", json!({})).await.unwrap();
    assert_eq!(
        (&list["entries"], &list["truncated"]),
        (&json!([]), &json!(false))
    );
    let show = plugin
        .call_json("git_show", json!({ "revision": "HEAD" }))
        .await
        .unwrap();
    assert_eq!(
        (&show["files"], &show["diff"], &show["next_cursor"]),
        (&json!([]), &json!(""), &Value::Null)
    );
    repo.write("e", "");
    repo.commit("an empty file");
    let read = plugin
        .call_json("git_read_file", json!({ "path": "e" }))
        .await
        .unwrap();
    assert_eq!((&read["text"], &read["lines"]), (&json!(""), &json!(0)));
    let blame = plugin
        .call_json("git_blame", json!({ "path": "e" }))
        .await
        .unwrap();
    assert_eq!(blame["hunks"], json!([]));
}

#[tokio::test]
async fn blame_follows_a_rename() {
    let repo = Repo::new();
    let lines: String = (0..30)
        .map(|line| format!("line number {line}\n"))
        .collect();
    repo.write("old/name", &lines);
    let first = repo.commit("first");
    repo.git(&["mv", "old/name", "new-name"]);
    repo.write("new-name", format!("{lines}more\n"));
    let second = repo.commit("moved and changed");
    let blame = repo
        .plugin()
        .await
        .call_json("git_blame", json!({ "path": "new-name" }))
        .await
        .unwrap();
    let hunks = blame["hunks"].as_array().unwrap();
    assert_eq!(
        (hunks.len(), &hunks[0]["commit"], &hunks[0]["old_path"]),
        (2, &json!(first), &json!("old/name"))
    );
    assert_eq!(
        (
            &hunks[1]["commit"],
            &hunks[1]["text"],
            &hunks[1]["start_line"]
        ),
        (&json!(second), &json!("more\n"), &json!(31))
    );
}
