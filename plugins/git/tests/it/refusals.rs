//! Each sentence that a caller can be told.

use serde_json::json;

use crate::repo::{Repo, failure};

fn small() -> Repo {
    let repo = Repo::new();
    repo.write("f.txt", "one\ntwo\n");
    repo.write("d/g.txt", "x\n");
    repo.write("bin", [0, 1, 2]);
    repo.commit("first");
    repo
}

#[tokio::test]
async fn revisions() {
    let repo = small();
    repo.git(&["tag", "of-tree", "HEAD^{tree}"]);
    repo.git(&["tag", "of-blob", "HEAD:f.txt"]);
    let plugin = repo.plugin().await;
    for (revision, words) in [
        (
            "nowhere",
            "\"nowhere\" is not a revision here; use a branch, a tag, a commit id",
        ),
        ("", "\"\" is not a revision here"),
        ("abc", "is not a revision here"),
        ("HEAD^0x", "is not a revision here"),
        ("HEAD~99999999999999999999", "is not a revision here"),
        ("HEAD^{commit", "is not a revision here"),
        (
            &"a".repeat(40),
            "is not in this repository: its history is incomplete",
        ),
        (&"x".repeat(600), "is not a revision here"),
        ("HEAD~1", "goes back further than the history does"),
        ("HEAD^2", "goes back further than the history does"),
        (
            "HEAD@{1}",
            "uses `@{`, which is not supported; name a branch",
        ),
        (
            "HEAD:f.txt",
            "uses `:`, which is not supported; pass the revision and the path apart",
        ),
        (":/first", "uses `:`"),
        (
            "a..b",
            "uses `..`, which is not supported; name one revision",
        ),
        (
            "HEAD^{/first}",
            "uses `^{`, which is not supported; use ^{commit}",
        ),
        (
            "of-tree",
            "\"of-tree\" is a tree, not a commit; name a commit, a branch or a tag",
        ),
        ("of-blob", "\"of-blob\" is a blob, not a commit"),
    ] {
        let said = failure(&plugin, "git_show", json!({ "revision": revision })).await;
        assert!(said.contains(words), "{revision}: {said}");
    }
    let said = failure(&plugin, "git_diff", json!({ "target": "HEAD..nowhere" })).await;
    assert!(said.contains("\"nowhere\" is not a revision"), "{said}");
    let said = failure(&Repo::new().plugin().await, "git_log", json!({})).await;
    assert!(said.contains("there is no commit yet"), "{said}");
}

#[tokio::test]
async fn good_revisions_in_all_their_forms() {
    let repo = small();
    for number in 0..40 {
        repo.write("n", number.to_string());
        repo.commit("more");
    }
    repo.git(&["checkout", "-q", "-b", "feature/x", "HEAD~3"]);
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-edit", "feature/x"]);
    repo.git(&["tag", "light"]);
    repo.git(&["tag", "-a", "-m", "x", "heavy"]);
    repo.git(&["tag", "-a", "-m", "x", "heavier", "heavy"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD~2"]);
    repo.git(&[
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]);
    repo.git(&["update-ref", "refs/odd/place", "HEAD~4"]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    let (full, short) = (head.trim(), &head[..7]);
    let plugin = repo.plugin().await;
    for packed in [false, true] {
        if packed {
            repo.git(&["pack-refs", "--all"]);
            repo.git(&["gc", "-q"]);
        }
        for revision in [
            "HEAD",
            "@",
            "main",
            "heads/main",
            "refs/heads/main",
            "feature/x",
            "light",
            "heavy",
            "heavier",
            "tags/heavy",
            "heavy^{}",
            "heavy^{commit}",
            "HEAD~1",
            "HEAD~",
            "HEAD^",
            "HEAD^2",
            "HEAD^1~3^0",
            "@~2",
            "main~10",
            "origin/main",
            "origin",
            "refs/odd/place",
            "odd/place",
            "HEAD^^^",
            full,
            short,
            &full[..9],
        ] {
            let ours = plugin
                .call_json("git_log", json!({ "revision": revision, "max_count": 1 }))
                .await
                .unwrap();
            let theirs = repo.git(&["rev-parse", &format!("{revision}^{{commit}}")]);
            assert_eq!(ours["commits"][0]["commit"], theirs.trim(), "{revision}");
        }
    }
}

#[tokio::test]
async fn a_short_id_that_fits_two() {
    // Among so many objects some share four digits.
    let repo = small();
    for number in 0..1500 {
        repo.write(&format!("many/{number}"), number.to_string());
    }
    repo.commit("many");
    let objects = repo.git(&[
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname)",
    ]);
    let mut ids: Vec<&str> = objects.lines().collect();
    ids.sort_unstable();
    let shared = ids
        .windows(2)
        .find(|pair| pair[0][..4] == pair[1][..4])
        .expect("a birthday")[0];
    let said = failure(
        &repo.plugin().await,
        "git_show",
        json!({ "revision": &shared[..4] }),
    )
    .await;
    assert!(
        said.contains("fits more than one object; use more digits"),
        "{said}"
    );
}

#[tokio::test]
async fn files() {
    let repo = small();
    let inner = "ab".repeat(20);
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{inner},sub"),
    ]);
    repo.git(&["commit", "-q", "-m", "with a submodule"]);
    let plugin = repo.plugin().await;
    for (tool, arguments, words) in [
        (
            "git_read_file",
            json!({ "path": "none" }),
            "there is no \"none\" in that revision; git_list_files shows",
        ),
        (
            "git_read_file",
            json!({ "path": "d" }),
            "\"d\" is a directory; use git_list_files",
        ),
        (
            "git_read_file",
            json!({ "path": "d/g.txt/x" }),
            "there is no \"d/g.txt/x\"",
        ),
        (
            "git_read_file",
            json!({ "path": "sub" }),
            "\"sub\" is a submodule",
        ),
        (
            "git_read_file",
            json!({ "path": "bin" }),
            "\"bin\" is a binary file of 3 bytes",
        ),
        (
            "git_read_file",
            json!({ "path": "f.txt", "offset": 3 }),
            "\"f.txt\" has 2 lines, so there is no line 3",
        ),
        (
            "git_blame",
            json!({ "path": "bin" }),
            "is a binary file of 3 bytes",
        ),
        ("git_blame", json!({ "path": "d" }), "is a directory"),
        (
            "git_blame",
            json!({ "path": "f.txt", "start_line": 9 }),
            "so there is no line 9",
        ),
        (
            "git_blame",
            json!({ "path": "f.txt", "start_line": 2, "end_line": 1 }),
            "`end_line` is before `start_line`",
        ),
        (
            "git_list_files",
            json!({ "path": "f.txt" }),
            "\"f.txt\" is a file; leave `path` out",
        ),
        (
            "git_list_files",
            json!({ "path": "none" }),
            "there is no \"none\"",
        ),
        (
            "git_log",
            json!({ "start_timestamp": "soonish" }),
            "\"soonish\" is not a date that can be read as start_timestamp",
        ),
        (
            "git_log",
            json!({ "end_timestamp": "x" }),
            "can be read as end_timestamp",
        ),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(said.contains(words), "{tool}: {said}");
    }
}

#[tokio::test]
async fn repositories() {
    let (one, other) = (small(), small());
    let plugin = mcp_factory_sdk::testing::TestPlugin::start(
        &mcp_plugin_git::PLUGIN,
        json!({ "repositories": [{ "name": "one", "path": one.path() }, { "name": "other", "path": other.path() }] }),
    )
    .await
    .unwrap();
    other.write("new", "x");
    let list = plugin
        .call_json("git_list_repositories", json!({}))
        .await
        .unwrap();
    assert_eq!(list, json!({ "repositories": ["one", "other"] }));
    for (name, clean) in [
        ("one", true),
        ("other", false),
        (other.path().to_str().unwrap(), false),
    ] {
        let status = plugin
            .call_json("git_status", json!({ "repo_path": name }))
            .await
            .unwrap();
        assert_eq!(status["clean"], clean, "{name}");
    }
    let said = failure(&plugin, "git_status", json!({})).await;
    assert!(
        said.contains("several repositories here; set `repo_path` to one of: one, other"),
        "{said}"
    );
    let parent = one.dir.path().to_str().unwrap();
    let below = one.path().join(".git");
    for bad in [
        "",
        "three",
        "/",
        parent,
        below.to_str().unwrap(),
        "one/../other",
    ] {
        let said = failure(&plugin, "git_status", json!({ "repo_path": bad })).await;
        assert!(
            said.contains("here; `repo_path` is one of: one, other"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn bare_shallow_and_gone() {
    let repo = small();
    repo.commit("second");
    let bare = repo.dir.path().join("bare");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let plugin = crate::repo::start(&bare, json!({})).await.unwrap();
    assert_eq!(
        plugin.call_json("git_log", json!({})).await.unwrap()["commits"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for (tool, arguments) in [
        ("git_status", json!({})),
        ("git_diff_unstaged", json!({})),
        ("git_diff", json!({ "target": "HEAD" })),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(
            said.contains("this repository has no working tree"),
            "{tool}: {said}"
        );
    }

    let shallow = repo.dir.path().join("shallow");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--depth=1", &url, shallow.to_str().unwrap()]);
    let plugin = crate::repo::start(&shallow, json!({})).await.unwrap();
    let log = plugin.call_json("git_log", json!({})).await.unwrap();
    assert_eq!(log["commits"].as_array().unwrap().len(), 1);

    let plugin = repo.plugin().await;
    std::fs::remove_dir_all(repo.path().join(".git")).unwrap();
    let said = failure(&plugin, "git_status", json!({})).await;
    assert!(
        said.contains("the repository is not there any more"),
        "{said}"
    );
}

#[tokio::test]
async fn forms_that_are_not_read() {
    type Poison = fn(&Repo);
    let poison: [(&str, Poison); 6] = [
        ("`extensions.objectFormat` is not sha1", |repo| {
            repo.write(
                ".git/config",
                "[core]\nrepositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\n",
            );
        }),
        ("`extensions.refStorage` is not files", |repo| {
            repo.write(
                ".git/config",
                "[core]\nrepositoryformatversion = 1\n[extensions]\nrefStorage = reftable\n",
            );
        }),
        ("`core.repositoryformatversion` is newer", |repo| {
            repo.write(".git/config", "[core]\nrepositoryformatversion = 7\n");
        }),
        ("its file `config`", |repo| {
            repo.write(".git/config", "[[[core\n");
        }),
        ("`config` is larger than 1 MiB", |repo| {
            repo.write(".git/config", vec![b'\n'; (1 << 20) + 1]);
        }),
        ("its HEAD is missing", |repo| repo.remove(".git/HEAD")),
    ];
    for (words, poison) in poison {
        let repo = small();
        let plugin = repo.plugin().await;
        poison(&repo);
        let said = failure(&plugin, "git_status", json!({})).await;
        assert!(said.contains(words), "{words}: {said}");
    }
    let repo = small();
    let plugin = repo.plugin().await;
    repo.git(&["update-index", "--split-index"]);
    repo.write("f.txt", "staged\n");
    repo.git(&["add", "-A"]);
    let said = failure(&plugin, "git_status", json!({})).await;
    assert!(said.contains("is split in two"), "{said}");
    let repo = small();
    let plugin = repo.plugin().await;
    repo.git(&[
        "sparse-checkout",
        "set",
        "--cone",
        "--sparse-index",
        "nothing",
    ]);
    let said = failure(&plugin, "git_status", json!({})).await;
    assert!(
        said.contains("is sparse; `git sparse-checkout reapply --no-sparse-index`"),
        "{said}"
    );
}

#[tokio::test]
async fn a_missing_object_is_named() {
    let repo = small();
    let id = repo.git(&["rev-parse", "HEAD:f.txt"]);
    let plugin = repo.plugin().await;
    let path = repo
        .path()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..40]);
    std::fs::remove_file(path).unwrap();
    let said = failure(&plugin, "git_read_file", json!({ "path": "f.txt" })).await;
    assert!(
        said.contains(id.trim()) && said.contains("shallow or partial clone"),
        "{said}"
    );
}

#[tokio::test]
async fn histories_without_a_common_commit() {
    let repo = small();
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.commit("unrelated");
    let said = failure(
        &repo.plugin().await,
        "git_diff",
        json!({ "target": "main...other" }),
    )
    .await;
    assert!(said.contains("have no common history; use A..B"), "{said}");
}
