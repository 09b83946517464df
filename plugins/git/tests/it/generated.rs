//! Generated histories: every answer is compared with that of the real `git`.

use serde_json::{Value, json};

use crate::repo::Repo;

/// A small generator of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

const PATHS: [&str; 9] = [
    "a.txt",
    "src/main.rs",
    "src/deep/er/lib.rs",
    "with blank.txt",
    "ünï/cødé ☃.md",
    "tab\there",
    "q\"uote",
    "data.bin",
    "run.sh",
];

fn content(dice: &mut Dice, path: &str) -> Vec<u8> {
    if path == "data.bin" {
        return vec![0, 1, 2, u8::try_from(dice.roll(256)).unwrap(), 255];
    }
    let end = if dice.roll(4) == 0 { "\r\n" } else { "\n" };
    let lines = dice.roll(40) + 1;
    let mut text = String::new();
    for line in 0..lines {
        let word = if dice.roll(5) == 0 {
            dice.roll(1000)
        } else {
            line
        };
        let indent = " ".repeat(4 * dice.roll(3));
        text += &format!("{indent}line {word} of it{end}");
    }
    if dice.roll(5) == 0 {
        text.truncate(text.trim_end().len());
    }
    text.into_bytes()
}

/// Changes a few lines, adds, removes or renames files.
fn change(repo: &Repo, dice: &mut Dice) {
    for _ in 0..=dice.roll(3) {
        let path = PATHS[dice.roll(PATHS.len())];
        let full = repo.path().join(path);
        match dice.roll(10) {
            0 if full.is_file() => repo.remove(path),
            1 if full.is_file() => {
                let to = format!("moved/{}-{path}", dice.roll(100)).replace('/', "_");
                std::fs::rename(&full, repo.path().join(to)).unwrap();
            }
            2 if full.is_file() => {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = if dice.roll(2) == 0 { 0o755 } else { 0o644 };
                std::fs::set_permissions(&full, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            3..6 if full.is_file() && path != "data.bin" => {
                let text = std::fs::read(&full).unwrap();
                let mut lines: Vec<Vec<u8>> = text
                    .split_inclusive(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let at = dice.roll(lines.len().max(1));
                if at < lines.len() {
                    lines[at] = format!("changed {}\n", dice.roll(1000)).into_bytes();
                }
                repo.write(path, lines.concat());
            }
            _ => repo.write(path, content(dice, path)),
        }
    }
}

/// A history with merges, where nothing conflicts for good.
fn history(seed: u64, commits: usize) -> Repo {
    let repo = Repo::new();
    let mut dice = Dice(seed);
    change(&repo, &mut dice);
    repo.commit("first");
    for number in 0..commits {
        if number % 7 == 5 {
            let side = format!("side-{number}");
            repo.git(&["checkout", "-q", "-b", &side, "HEAD~1"]);
            change(&repo, &mut dice);
            repo.commit(&format!("on {side}"));
            repo.git(&["checkout", "-q", "main"]);
            repo.git(&[
                "merge",
                "-q",
                "-X",
                "ours",
                "--no-edit",
                "--allow-unrelated-histories",
                "-s",
                "ours",
                &side,
            ]);
        } else {
            change(&repo, &mut dice);
            repo.commit(&format!("number {number}\n\nwith a body\nof two lines"));
        }
        if number % 11 == 3 {
            repo.git(&["tag", "-a", "-m", "a tag", &format!("v{number}")]);
            repo.git(&["gc", "-q"]);
        }
    }
    repo
}

/// The unified diff as git prints it, in the form that is promised.
fn diff_of(repo: &Repo, arguments: &[&str]) -> String {
    let mut all = vec!["-c", "core.quotePath=false", "-c", "diff.renames=true"];
    all.extend(arguments);
    repo.git(&all)
}

const PLAIN: [&str; 4] = [
    "--abbrev=10",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
];

fn joined(page: &Value) -> &str {
    page["diff"].as_str().unwrap()
}

/// Renames are found by likeness, where the two may differ in judgement; all else must be the same to the byte.
/// So what git says with and without renames must hold one of the two.
fn assert_same(ours: &str, with: &str, without: &str, what: &str) {
    if ours != with && ours != without {
        pretty(ours, with, what);
    }
}

fn pretty(ours: &str, theirs: &str, what: &str) -> ! {
    let at = ours
        .lines()
        .zip(theirs.lines())
        .position(|(one, other)| one != other)
        .unwrap_or_default();
    let show = |text: &str| {
        text.lines()
            .skip(at.saturating_sub(8))
            .take(24)
            .collect::<Vec<_>>()
            .join("\n")
    };
    panic!(
        "{what} differs from line {at}\n--- ours\n{}\n--- git\n{}",
        show(ours),
        show(theirs)
    );
}

#[tokio::test]
async fn commits_and_what_they_changed_are_those_of_git() {
    for seed in [1, 2, 3] {
        let repo = history(seed * 7919, 24);
        let plugin = repo.plugin_with(json!({ "max_bytes": 8 << 20 })).await;
        let log = plugin
            .call_json("git_log", json!({ "repo_path": "r", "max_count": 500 }))
            .await
            .unwrap();
        let ids: Vec<&str> = log["commits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|commit| commit["commit"].as_str().unwrap())
            .collect();
        let theirs = repo.git(&["log", "--format=%H"]);
        assert_eq!(ids, theirs.lines().collect::<Vec<_>>());
        assert_eq!(log["truncated"], false);
        for (commit, id) in log["commits"].as_array().unwrap().iter().zip(&ids) {
            let theirs = repo.git(&[
                "log",
                "-1",
                "--format=%P%n%an <%ae>%n%aI%n%cn <%ce>%n%B",
                id,
            ]);
            let theirs: Vec<&str> = theirs.trim_end().splitn(5, '\n').collect();
            let parents: Vec<&str> = commit["parents"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_str().unwrap())
                .collect();
            assert_eq!(parents.join(" "), theirs[0]);
            assert_eq!(commit["author"], theirs[1]);
            assert_eq!(commit["date"], theirs[2]);
            assert_eq!(commit["committer"], theirs[3]);
            assert_eq!(commit["message"], theirs[4].trim_end());

            let show = plugin
                .call_json("git_show", json!({ "revision": id }))
                .await
                .unwrap();
            assert_eq!(show["truncated"], false);
            let with = diff_of(
                &repo,
                &[
                    &["show", "--format=", "--first-parent", "-m", "--root"],
                    &PLAIN[..],
                    &[id],
                ]
                .concat(),
            );
            let without = diff_of(
                &repo,
                &[
                    &["show", "--format=", "--first-parent", "-m", "--no-renames"],
                    &PLAIN[..],
                    &[id],
                ]
                .concat(),
            );
            assert_same(
                joined(&show),
                &with,
                &without,
                &format!("seed {seed}, show {id}"),
            );
        }
    }
}

#[tokio::test]
async fn differences_between_revisions_are_those_of_git() {
    let repo = history(31337, 20);
    let plugin = repo.plugin_with(json!({ "max_bytes": 8 << 20 })).await;
    for context in ["0", "1", "3", "25"] {
        for range in [
            "HEAD~5..HEAD",
            "HEAD..HEAD~9",
            "v3..main",
            "side-5...main",
            "HEAD~2..",
        ] {
            let width: u32 = context.parse().unwrap();
            let ours = plugin
                .call_json(
                    "git_diff",
                    json!({ "target": range, "context_lines": width }),
                )
                .await
                .unwrap();
            let unified = format!("--unified={context}");
            let with = diff_of(&repo, &[&["diff", &unified], &PLAIN[..], &[range]].concat());
            let without = diff_of(
                &repo,
                &[&["diff", &unified, "--no-renames"], &PLAIN[..], &[range]].concat(),
            );
            assert_same(
                joined(&ours),
                &with,
                &without,
                &format!("{range} with {context}"),
            );
        }
    }
    // What a file changed in numbers.
    let ours = plugin
        .call_json("git_diff", json!({ "target": "HEAD~5..HEAD" }))
        .await
        .unwrap();
    let renames = ours["files"]
        .as_array()
        .unwrap()
        .iter()
        .any(|file| file["change"] == "renamed");
    let flag = if renames { "-M" } else { "--no-renames" };
    let theirs = repo.git(&[
        "-c",
        "core.quotePath=false",
        "diff",
        "--numstat",
        flag,
        "-z",
        "HEAD~5..HEAD",
    ]);
    for file in ours["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["change"] != "renamed")
    {
        let (path, binary) = (file["path"].as_str().unwrap(), file["binary"] == true);
        let line = if binary {
            format!("-\t-\t{path}\0")
        } else {
            format!("{}\t{}\t{path}\0", file["additions"], file["deletions"])
        };
        assert!(theirs.contains(&line), "{line:?} in {theirs:?}");
    }
}

#[tokio::test]
async fn history_of_a_path_is_that_of_git() {
    let repo = history(4242, 30);
    let plugin = repo.plugin().await;
    for path in [
        "a.txt",
        "src",
        "src/deep/er/lib.rs",
        "ünï/cødé ☃.md",
        "with blank.txt",
        "nowhere",
    ] {
        let ours = plugin
            .call_json("git_log", json!({ "path": path, "max_count": 500 }))
            .await
            .unwrap();
        let ids: Vec<&str> = ours["commits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|commit| commit["commit"].as_str().unwrap())
            .collect();
        let theirs = repo.git(&["log", "--format=%H", "--", path]);
        assert_eq!(ids, theirs.lines().collect::<Vec<_>>(), "{path}");
    }
}

#[tokio::test]
async fn blame_is_that_of_git() {
    for seed in [5, 6] {
        let repo = history(seed * 104_729, 30);
        let plugin = repo.plugin_with(json!({ "max_bytes": 8 << 20 })).await;
        let files = repo.git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]);
        for path in files
            .split('\0')
            .filter(|path| !path.is_empty() && !path.contains("data.bin"))
        {
            let ours = plugin
                .call_json("git_blame", json!({ "path": path }))
                .await
                .unwrap();
            let mut lines = Vec::new();
            for hunk in ours["hunks"].as_array().unwrap() {
                let count = hunk["text"].as_str().unwrap().split_inclusive('\n').count();
                lines.extend(std::iter::repeat_n(
                    hunk["commit"].as_str().unwrap().to_owned(),
                    count,
                ));
            }
            let theirs = repo.git(&["blame", "--line-porcelain", "HEAD", "--", path]);
            let theirs: Vec<&str> = theirs
                .lines()
                .filter(|line| {
                    line.split(' ').next().is_some_and(|id| {
                        id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
                    })
                })
                .map(|line| &line[..40])
                .collect();
            let same = lines
                .iter()
                .zip(&theirs)
                .filter(|(one, other)| one == *other)
                .count();
            assert_eq!(lines.len(), theirs.len(), "{path}");
            // Lines that repeat can be found in more than one place; the two need not choose alike.
            assert!(
                same * 100 >= theirs.len() * 90,
                "{path}: {same} of {}",
                theirs.len()
            );
        }
    }
}

#[tokio::test]
async fn files_of_a_revision_are_those_of_git() {
    let repo = history(777, 16);
    let plugin = repo.plugin().await;
    for revision in ["HEAD", "HEAD~4", "v3"] {
        let ours = plugin
            .call_json(
                "git_list_files",
                json!({ "revision": revision, "recursive": true }),
            )
            .await
            .unwrap();
        let mut theirs: Vec<String> = repo
            .git(&["ls-tree", "-r", "-l", "-z", revision])
            .split_terminator('\0')
            .map(str::to_owned)
            .collect();
        theirs.sort_by_key(|line| line.split('\t').nth(1).map(str::to_owned));
        let entries = ours["entries"].as_array().unwrap();
        assert_eq!(entries.len(), theirs.len());
        for (entry, line) in entries.iter().zip(theirs) {
            let (facts, path) = line.split_once('\t').unwrap();
            let facts: Vec<&str> = facts.split_whitespace().collect();
            assert_eq!(entry["path"], path);
            assert_eq!(entry["size"].to_string(), facts[3]);
            assert_eq!(entry["type"] == "executable", facts[0] == "100755");
            if path != "data.bin" && !path.contains("data.bin") {
                let file = plugin
                    .call_json(
                        "git_read_file",
                        json!({ "revision": revision, "path": path }),
                    )
                    .await
                    .unwrap();
                assert_eq!(
                    file["text"],
                    repo.git(&["show", &format!("{revision}:{path}")]),
                    "{path}"
                );
            }
        }
    }
}
