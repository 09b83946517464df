//! A repository of two commits.

use std::{path::Path, process::Command};

use serde_json::json;

use super::{Stop, quoted};

pub(super) fn stop(folder: &Path) -> Stop {
    let repository = folder.join("repository");
    std::fs::create_dir(&repository).expect("the directory is ours");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]);
        let status = git.args(arguments).current_dir(&repository).status();
        assert!(status.expect("git is installed").success());
    };
    git(&["init", "-q", "-b", "main"]);
    for text in ["one\n", "two\n"] {
        std::fs::write(repository.join("a.txt"), text).expect("the directory is ours");
        git(&["add", "a.txt"]);
        git(&["commit", "-q", "-m", text.trim()]);
    }
    std::fs::write(repository.join("a.txt"), "three\n").expect("the directory is ours");
    Stop {
        config: format!(
            "[plugins.git]\nrepositories = [{{ name = \"it\", path = {} }}]\n",
            quoted(&repository)
        ),
        calls: vec![
            ("git_list_repositories", json!({})),
            ("git_status", json!({})),
            ("git_diff_unstaged", json!({})),
            ("git_diff_staged", json!({})),
            ("git_diff", json!({ "target": "HEAD~1..HEAD" })),
            ("git_log", json!({})),
            ("git_show", json!({ "revision": "HEAD" })),
            ("git_branch", json!({})),
            ("git_blame", json!({ "path": "a.txt" })),
            ("git_list_files", json!({})),
            ("git_read_file", json!({ "path": "a.txt" })),
        ],
        ..Stop::default()
    }
}
