//! Data that is a trap for whoever decodes it: circles, bombs, damage.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::repo::{Repo, busy, every_tool, failure};

/// Puts a loose object in place under any name; git never checks it when it reads.
fn forge(repo: &Repo, id: &str, kind: &str, body: &[u8]) {
    let bytes = [format!("{kind} {}\0", body.len()).as_bytes(), body].concat();
    let path = repo
        .path()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..]);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 6)).unwrap();
}

#[tokio::test]
async fn histories_and_trees_that_are_circles_end() {
    let repo = busy();
    let (commit, tree) = ("ab".repeat(20), "cd".repeat(20));
    let raw = [0xcd; 20];
    forge(&repo, &tree, "tree", &[b"40000 d\0", &raw[..]].concat());
    let person = "A <a@b> 1700000000 +0000";
    forge(
        &repo,
        &commit,
        "commit",
        format!("tree {tree}\nparent {commit}\nauthor {person}\ncommitter {person}\n\nround\n")
            .as_bytes(),
    );
    let tag = "ef".repeat(20);
    forge(
        &repo,
        &tag,
        "tag",
        format!("object {tag}\ntype tag\ntag round\ntagger {person}\n\nround\n").as_bytes(),
    );
    std::fs::write(
        repo.path().join(".git/refs/heads/round"),
        format!("{commit}\n"),
    )
    .unwrap();
    std::fs::write(
        repo.path().join(".git/refs/heads/self"),
        "ref: refs/heads/self\n",
    )
    .unwrap();
    let plugin = repo.plugin_with(json!({ "max_entries": 2000 })).await;
    let begun = Instant::now();
    let log = plugin
        .call_json("git_log", json!({ "revision": "round" }))
        .await
        .unwrap();
    assert_eq!(log["commits"].as_array().unwrap().len(), 1);
    for (tool, arguments, words) in [
        (
            "git_list_files",
            json!({ "revision": "round", "recursive": true }),
            "nested more than 256 deep",
        ),
        (
            "git_diff",
            json!({ "target": "HEAD..round" }),
            "nested more than 256 deep",
        ),
        (
            "git_show",
            json!({ "revision": "round~999999" }),
            "more than 2000 commits",
        ),
        (
            "git_show",
            json!({ "revision": &tag }),
            "more than 2000 tags",
        ),
        (
            "git_show",
            json!({ "revision": "self" }),
            "its refs lead in a circle",
        ),
        (
            "git_branch",
            json!({ "contains": "main" }),
            "its refs lead in a circle",
        ),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(said.contains(words), "{tool}: {said}");
    }
    std::fs::remove_file(repo.path().join(".git/refs/heads/self")).unwrap();
    let said = failure(&plugin, "git_branch", json!({ "contains": "main" })).await;
    assert!(said.contains("more than 2000 commits"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let repo = busy();
    // Two hundred megabytes in a few hundred kilobytes, honest and not.
    let zeros = vec![b'0'; 200 << 20];
    let honest = "11".repeat(20);
    forge(&repo, &honest, "blob", &zeros);
    let lying = "22".repeat(20);
    let bytes = [b"blob 10\0", &zeros[..]].concat();
    let path = repo.path().join(".git/objects/22").join(&lying[2..]);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 6)).unwrap();
    let huge = "33".repeat(20);
    let path = repo.path().join(".git/objects/33").join(&huge[2..]);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(
        path,
        miniz_oxide::deflate::compress_to_vec_zlib(b"blob 18446744073709551615\0x", 6),
    )
    .unwrap();
    drop((zeros, bytes));
    let list = [("bomb", &honest), ("liar", &lying), ("huge", &huge)]
        .map(|(name, id)| format!("100644 blob {id}\t{name}\n"))
        .concat();
    let tree = made(&repo, &["mktree", "--missing"], &list);
    let commit = made(&repo, &["commit-tree", "-m", "bombs", &tree], "");
    // Ten to the ninth files out of nine trees.
    let mut level = made(&repo, &["mktree"], "");
    for _ in 0..9 {
        let list: String = (0..10)
            .map(|name| format!("040000 tree {level}\t{name}\n"))
            .collect();
        level = made(&repo, &["mktree"], &list);
    }
    let exponential = made(&repo, &["commit-tree", "-m", "many", &level], "");

    let plugin = repo.plugin_with(json!({ "max_entries": 5000 })).await;
    let begun = Instant::now();
    for (path, words) in [
        ("bomb", "has 209715200 bytes and the limit here is 16777216"),
        ("liar", "is damaged"),
        ("huge", "the limit here is 16777216"),
    ] {
        let said = failure(
            &plugin,
            "git_read_file",
            json!({ "revision": commit, "path": path }),
        )
        .await;
        assert!(said.contains(words), "{path}: {said}");
    }
    let show = plugin
        .call_json("git_show", json!({ "revision": commit, "path": "bomb" }))
        .await
        .unwrap();
    assert_eq!(show["files"][0]["too_large"], true);
    for (tool, arguments) in [
        (
            "git_list_files",
            json!({ "revision": exponential, "recursive": true }),
        ),
        (
            "git_diff",
            json!({ "target": format!("HEAD..{exponential}") }),
        ),
        ("git_show", json!({ "revision": exponential })),
        ("git_diff", json!({ "target": exponential })),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(
            said.contains("more than 5000 files would have to be visited"),
            "{tool}: {said}"
        );
    }
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

/// What git prints for this input.
fn made(repo: &Repo, arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = repo
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_pack_of_deltas_that_grow_is_not_unpacked() {
    // Each delta copies its base a hundred times: 100 bytes, then 10 KB, 1 MB, 100 MB, 10 GB.
    let repo = busy();
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    let levels = 5_u32;
    pack.extend((levels + 1).to_be_bytes());
    let mut size = 100_u64;
    let mut offset = pack.len();
    entry_header(&mut pack, 3, size);
    pack.extend(miniz_oxide::deflate::compress_to_vec_zlib(&[b'x'; 100], 6));
    for _ in 0..levels {
        let mut delta = Vec::new();
        variable(&mut delta, size);
        variable(&mut delta, size * 100);
        for _ in 0..100 {
            copy_all(&mut delta, size);
        }
        size *= 100;
        let start = pack.len();
        entry_header(&mut pack, 6, delta.len() as u64);
        ofs(&mut pack, (start - offset) as u64);
        pack.extend(miniz_oxide::deflate::compress_to_vec_zlib(&delta, 6));
        offset = start;
    }
    let index = index_of(&mut pack, offset);
    let directory = repo.path().join(".git/objects/pack");
    let name = format!("pack-{}", "ab".repeat(20));
    std::fs::write(directory.join(format!("{name}.pack")), &pack).unwrap();
    std::fs::write(directory.join(format!("{name}.idx")), index).unwrap();
    let tree = made(
        &repo,
        &["mktree", "--missing"],
        &format!("100644 blob {}\tbomb\n", "dd".repeat(20)),
    );
    let commit = made(&repo, &["commit-tree", "-m", "bomb", &tree], "");
    let plugin = repo.plugin().await;
    let begun = Instant::now();
    let said = failure(
        &plugin,
        "git_read_file",
        json!({ "revision": commit, "path": "bomb" }),
    )
    .await;
    assert!(
        said.contains("has 1000000000000 bytes and the limit here is 16777216")
            || said.contains("is damaged"),
        "{said}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

fn entry_header(out: &mut Vec<u8>, kind: u8, size: u64) {
    let mut byte = (kind << 4) | (size & 15) as u8;
    let mut size = size >> 4;
    while size > 0 {
        out.push(byte | 128);
        byte = (size & 127) as u8;
        size >>= 7;
    }
    out.push(byte);
}

fn variable(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

fn ofs(out: &mut Vec<u8>, mut value: u64) {
    let mut bytes = vec![(value & 127) as u8];
    value >>= 7;
    while value > 0 {
        value -= 1;
        bytes.insert(0, (value & 127) as u8 | 128);
        value >>= 7;
    }
    out.extend(bytes);
}

/// Copies the whole base; an instruction copies at most 16 MB.
fn copy_all(out: &mut Vec<u8>, size: u64) {
    let size = u32::try_from(size.min(0x00ff_ffff)).unwrap();
    out.extend([
        0b1111_0000,
        size as u8,
        (size >> 8) as u8,
        (size >> 16) as u8,
    ]);
}

/// An index that finds one object, `dddd…`, at `offset`. Its checksums are zero: nobody reads them.
fn index_of(pack: &mut Vec<u8>, offset: usize) -> Vec<u8> {
    pack.extend([0; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..256_u32 {
        index.extend(u32::from(first >= 0xdd).to_be_bytes());
    }
    index.extend([0xdd; 20]);
    index.extend([0; 4]);
    index.extend(u32::try_from(offset).unwrap().to_be_bytes());
    index.extend([0; 40]);
    index
}

#[tokio::test]
async fn damage_of_any_kind_is_an_error_at_worst() {
    let repo = busy();
    repo.git(&["gc", "-q"]);
    let plugin = repo
        .plugin_with(json!({ "max_entries": 5000, "timeout": "5s" }))
        .await;
    let mut files = Vec::new();
    let mut open = vec![repo.path().join(".git")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.to_str().unwrap().contains("hooks") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut state = 88_172_645_463_325_252_u64;
    let mut roll = |sides: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % sides as u64).unwrap()
    };
    for round in 0..200 {
        let path = &files[roll(files.len())];
        let good = std::fs::read(path).unwrap();
        if good.is_empty() {
            continue;
        }
        let mut bad = good.clone();
        for _ in 0..=roll(4) {
            let at = roll(bad.len());
            bad[at] = u8::try_from(roll(256)).unwrap();
        }
        if roll(5) == 0 {
            bad.truncate(roll(bad.len()));
        }
        // A packed file is made read-only by git.
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, bad).unwrap();
        let begun = Instant::now();
        every_tool(&plugin).await;
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "round {round}, {}",
            path.display()
        );
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, good).unwrap();
    }
    assert!(every_tool(&plugin).await.contains("changed"));
}
