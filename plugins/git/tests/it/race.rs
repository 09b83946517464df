//! What is checked is what is read, while another process swaps directories for links as fast as it can.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{RenameFlags, renameat_with};
use serde_json::json;

use crate::repo::Repo;

/// How many calls each race makes.
const CALLS: usize = 3000;

/// Swaps `a` and `b` of `directory` until it is dropped.
struct Flipping(
    std::sync::Arc<AtomicBool>,
    Option<std::thread::JoinHandle<()>>,
);

impl Flipping {
    fn start(directory: &Path, a: &'static str, b: &'static str) -> Self {
        let directory = std::fs::File::open(directory).unwrap();
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let thread = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                renameat_with(&directory, a, &directory, b, RenameFlags::EXCHANGE).unwrap();
                std::thread::yield_now();
            }
        });
        Self(stop, Some(thread))
    }
}

impl Drop for Flipping {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        if let Some(thread) = self.1.take() {
            thread.join().ok();
        }
    }
}

/// A repository whose branch `stolen` names a commit that only another repository has.
fn thief() -> (Repo, Repo) {
    let outside = Repo::new();
    outside.write("f.txt", "canary-content\n");
    let id = outside.commit("canary-content");
    let repo = Repo::new();
    repo.write("f.txt", "inside\n");
    repo.write("d/f.txt", "inside\n");
    repo.commit("first");
    repo.write(".git/refs/heads/stolen", format!("{id}\n"));
    (repo, outside)
}

#[tokio::test]
async fn objects_of_another_repository_are_never_read() {
    let (repo, outside) = thief();
    let plugin = repo.plugin_with(json!({ "confine": "required" })).await;
    symlink(
        outside.path().join(".git/objects"),
        repo.path().join(".git/elsewhere"),
    )
    .unwrap();
    let (mut refused, mut missing) = (0, 0);
    {
        let _flipping = Flipping::start(&repo.path().join(".git"), "objects", "elsewhere");
        for call in 0..CALLS {
            let said = match plugin
                .call_json("git_show", json!({ "revision": "stolen" }))
                .await
            {
                Ok(answer) => panic!("leaked in call {call}: {answer}"),
                Err(error) => error.to_string(),
            };
            refused += usize::from(said.contains("symbolic link"));
            missing += usize::from(!said.contains("symbolic link"));
        }
    }
    assert!(
        refused > 0 && missing > 0,
        "no race took place: {refused} refused, {missing} missing"
    );
}

#[tokio::test]
async fn a_directory_of_the_working_tree_never_leads_outside() {
    let (repo, outside) = thief();
    for confine in ["off", "auto"] {
        let plugin = repo.plugin_with(json!({ "confine": confine })).await;
        symlink(outside.path(), repo.path().join("e")).unwrap();
        let (mut gone, mut there) = (0, 0);
        {
            let _flipping = Flipping::start(&repo.path(), "d", "e");
            for call in 0..CALLS {
                let Ok(answer) = plugin.call_json("git_diff_unstaged", json!({})).await else {
                    continue;
                };
                assert!(
                    !answer.to_string().contains("canary-content"),
                    "leaked in call {call}: {answer}"
                );
                gone += usize::from(answer["files"] != json!([]));
                there += usize::from(answer["files"] == json!([]));
            }
        }
        assert!(
            gone > 0 && there > 0,
            "no race took place: {gone} gone, {there} there"
        );
        // Whichever of the two the link is now.
        for name in ["d", "e"] {
            let path = repo.path().join(name);
            if path.is_symlink() {
                std::fs::remove_file(&path).unwrap();
            }
        }
        if !repo.path().join("d").exists() {
            std::fs::rename(repo.path().join("e"), repo.path().join("d")).unwrap();
        }
    }
}
