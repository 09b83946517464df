//! No space left: for a file that is written, and for the record of calls.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use mcp_factory_tests::{StdioServer, eventually, guarded, message};
use serde_json::json;
use tempfile::TempDir;

/// A file system of one MiB, for as long as the test runs.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it on `folder`; says why not where that cannot be done.
    fn mount(folder: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(folder);
        let output = mount.output().ok()?;
        if output.status.success() {
            return Some(Self(folder.to_owned()));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        skipped(&format!("a small disk cannot be mounted: {said}"));
        None
    }

    /// Leaves no room.
    fn fill(&self) {
        let all = vec![0; 2 << 20];
        fs::write(self.filler(), all).expect_err("two megabytes do not fit into one");
    }

    /// Leaves room again.
    fn clear(&self) {
        fs::remove_file(self.filler()).expect("it can be removed");
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder around it goes next; a lazy unmount cannot be held up by a server that still ends.
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

/// Says loudly that a test did nothing.
fn skipped(why: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {why}").expect("stderr is open");
}

const WRITABLE: &str = "[plugins.fs]\nroots = [{ path = \"FOLDER/files\", mode = \"rw\" }]\n";

#[test]
fn a_file_on_a_full_disk_stays_as_it_was() {
    let (mut command, folder) = guarded::command(WRITABLE);
    let files = folder.path().join("files");
    let Some(disk) = SmallDisk::mount(&files) else {
        return;
    };
    let old = "old ".repeat(20_000);
    fs::write(files.join("kept.txt"), &old).expect("80 KB fit");
    disk.fill();
    let mut stdio = StdioServer::run(&mut command);
    let new = "new ".repeat(60_000);
    for id in 0..20 {
        let arguments =
            json!({ "path": files.join("kept.txt"), "content": new, "mode": "overwrite" });
        let answer = stdio.call(id, "write_file", &arguments);
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(
            message::text(&answer).to_lowercase().contains("space"),
            "{answer}"
        );
    }
    let kept = fs::read_to_string(files.join("kept.txt")).expect("it is still there");
    assert!(kept == old, "the file is what it was");
    let mut names: Vec<_> = fs::read_dir(&files)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["filler", "kept.txt"],
        "nothing half-written is left"
    );
    // Room again, and it works again.
    disk.clear();
    let answer = stdio.call(
        30,
        "write_file",
        &json!({ "path": files.join("kept.txt"), "content": new, "mode": "overwrite" }),
    );
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

/// A server that was called 500 times while what it writes to `FOLDER/acme` finds no room, which it warned of once in
/// these words.
fn called_without_room(config: &str, warning: &str) -> Option<(StdioServer, TempDir, SmallDisk)> {
    let (mut command, folder) = guarded::command(&format!("{WRITABLE}{config}"));
    let disk = SmallDisk::mount(&folder.path().join("acme"))?;
    disk.fill();
    let mut stdio = StdioServer::run(&mut command);
    for id in 0..500 {
        let answer = stdio.call(id, "look", &json!({}));
        assert!(answer["result"].is_object(), "{answer}");
    }
    let warned = eventually(Duration::from_secs(5), || {
        stdio.process.stderr().contains(warning).then_some(())
    });
    assert!(warned.is_some(), "{}", stdio.process.stderr());
    assert_eq!(stdio.process.stderr().matches(warning).count(), 1);
    Some((stdio, folder, disk))
}

/// What is in `file` once `words` are, so many times.
fn written(file: &Path, words: &str, times: usize) -> String {
    let text = eventually(Duration::from_secs(5), || {
        fs::read_to_string(file)
            .ok()
            .filter(|text| text.matches(words).count() == times)
    });
    text.unwrap_or_else(|| panic!("{words} is not in {} {times} times", file.display()))
}

#[test]
fn calls_go_on_while_the_record_of_them_finds_no_room() {
    let config = "[audit]\nto = \"FOLDER/acme/audit.jsonl\"\n";
    let warning = "the audit cannot be written; calls go on, and what is missing is counted";
    let Some((mut stdio, folder, disk)) = called_without_room(config, warning) else {
        return;
    };
    disk.clear();
    // The next record says how many are missing.
    stdio.call(1_000, "ran", &json!({}));
    let text = written(
        &folder.path().join("acme/audit.jsonl"),
        "\"name\":\"ran\"",
        1,
    );
    assert!(text.contains("\"event\":\"dropped\""), "{text}");
}

#[test]
fn calls_go_on_while_the_log_of_them_finds_no_room() {
    let config = "[calls.jsonl]\nto = \"FOLDER/acme/calls.jsonl\"\n[calls.text]\nto = \"FOLDER/globex/calls.log\"\n";
    let warning = "a log of calls cannot be written; calls go on, and what is missing is counted";
    let Some((mut stdio, folder, disk)) = called_without_room(config, warning) else {
        return;
    };
    // A call is answered before it is in the logs: it was tried in the first of them once it is in the second.
    let other = folder.path().join("globex/calls.log");
    written(&other, " look ", 500);
    disk.clear();
    stdio.call(1_000, "ran", &json!({}));
    let text = written(
        &folder.path().join("acme/calls.jsonl"),
        "\"tool\":\"ran\"",
        1,
    );
    assert!(
        text.contains("\"event\":\"dropped\",\"count\":500}"),
        "{text}"
    );
    // The other log misses nothing.
    let other = written(&other, " ran ", 1);
    assert_eq!(other.lines().count(), 501);
}
