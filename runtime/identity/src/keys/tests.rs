//! Keys in real files, read while they change.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use mcp_factory_sdk::ScopeHierarchy;

use super::*;
use crate::AuthConfig;
use crate::config::KeyDigest;
use crate::testing::jump;

const LONG_ENOUGH: &str = "0123456789abcdef";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("keys.toml")
    }

    /// As an editor does: a new file in the place of the old.
    fn write(&self, text: &str) -> PathBuf {
        let new = self.0.path().join("new");
        fs::write(&new, text).expect("a file");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o644)).expect("permissions");
        fs::rename(&new, self.path()).expect("renamed");
        self.path()
    }

    fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        path
    }
}

fn hex(key: &str) -> String {
    use std::fmt::Write as _;
    let digest = KeyDigest::of(key);
    digest.bytes().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes all");
        text
    })
}

fn entry(name: &str, key: &str) -> String {
    format!(
        "[[key]]\nname = \"{name}\"\nsha256 = \"{}\"\nscopes = [\"read\"]\n",
        hex(key)
    )
}

fn sources(file: Option<&Path>, inline: &str) -> KeySources {
    let mut config: AuthConfig = toml::from_str(inline).expect(inline);
    config.keys_file = file.map(Path::to_owned);
    KeySources::of(&config)
}

fn keys(sources: KeySources) -> Result<Keys, Vec<Problem>> {
    let grants = Grants {
        scope_claims: Vec::new(),
        tenant_claim: None,
        required_scopes: Vec::new(),
        hierarchy: ScopeHierarchy::default(),
    };
    Keys::new(sources, grants, Clock::following(1_000_000))
}

async fn works(keys: &Keys, key: &str) -> bool {
    keys.authenticate(Presented::of(key)).await.is_ok()
}

/// The one problem of a keys file, without the folder's name.
fn problem_of(text: &str) -> String {
    let folder = Folder::new();
    let path = folder.write(text);
    let problems = keys(sources(Some(&path), "")).expect_err(text);
    let [problem] = problems.as_slice() else {
        panic!("{text}: {problems:?}");
    };
    assert_eq!(problem.path, "keys_file");
    problem.message.replace(&path.display().to_string(), "FILE")
}

fn problems_of_entries(inline: &str) -> Vec<(String, String)> {
    let problems = keys(sources(None, inline)).expect_err(inline);
    assert_eq!(
        sources(None, inline).check(),
        problems,
        "a look says the same"
    );
    problems
        .into_iter()
        .map(|problem| (problem.path, problem.message))
        .collect()
}

#[tokio::test]
async fn a_removed_key_stops_within_two_seconds() {
    let folder = Folder::new();
    let path = folder.write(&(entry("ann", "key-of-ann") + &entry("bob", "key-of-bob")));
    let keys = keys(sources(Some(&path), "")).expect("keys");
    assert!(works(&keys, "key-of-ann").await && works(&keys, "key-of-bob").await);
    folder.write(&(entry("bob", "key-of-bob") + &entry("cy", "key-of-cy")));
    assert!(CADENCE + PATIENCE < Duration::from_secs(2));
    tokio::time::sleep(CADENCE + Duration::from_millis(100)).await;
    // A disk that takes longer than that is not waited for.
    for _ in 0..500 {
        if !works(&keys, "key-of-ann").await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!works(&keys, "key-of-ann").await);
    assert!(works(&keys, "key-of-bob").await && works(&keys, "key-of-cy").await);
    assert!(keys.verified(Presented::of("key-of-bob")).is_some());
    assert!(keys.verified(Presented::of("key-of-ann")).is_none());
}

#[tokio::test]
async fn a_look_without_waiting_begins_a_reading() {
    let folder = Folder::new();
    let path = folder.write(&(entry("ann", "key-of-ann") + &entry("bob", "key-of-bob")));
    let keys = keys(sources(Some(&path), "")).expect("keys");
    folder.write(&entry("bob", "key-of-bob"));
    let looks = |key| keys.verified(Presented::of(key)).is_some();
    assert!(looks("key-of-ann"), "not due yet");
    jump(CADENCE).await;
    assert!(!looks("key-of-bob"), "due");
    let mut tries = 0;
    while !looks("key-of-bob") || looks("key-of-ann") {
        tries += 1;
        assert!(tries < 1_000, "it was never read");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_write_in_place_that_leaves_size_and_times_is_seen() {
    let folder = Folder::new();
    let path = folder.write(&entry("ann", "key-of-ann"));
    let times = fs::metadata(&path)
        .and_then(|file| file.modified())
        .expect("a time");
    let keys = keys(sources(Some(&path), "")).expect("keys");
    fs::write(&path, entry("ann", "key-of-amy")).expect("a file");
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(times).expect("a time");
    jump(CADENCE).await;
    assert!(works(&keys, "key-of-amy").await && !works(&keys, "key-of-ann").await);
}

#[tokio::test]
async fn a_broken_file_keeps_the_keys_of_before() {
    let folder = Folder::new();
    let path = folder.write(&entry("ann", "key-of-ann"));
    let keys = keys(sources(Some(&path), "")).expect("keys");
    let log = crate::test_log::capture();
    for broken in ["[[key]\n", "[[key]]\nname = \"canary\"\n"] {
        folder.write(broken);
        for _ in 0..2 {
            jump(CADENCE).await;
            assert!(works(&keys, "key-of-ann").await, "{broken}");
        }
    }
    fs::remove_file(&path).expect("removed");
    jump(CADENCE).await;
    assert!(works(&keys, "key-of-ann").await, "no file at all");
    let told = log.lines(&path.display().to_string());
    assert_eq!(told.len(), 3, "once each: {told:?}");
    assert!(
        told[0].contains("ERROR") && told[0].contains("keys.toml:1: "),
        "{told:?}"
    );
    assert!(!told.concat().contains("canary"), "{told:?}");
    folder.write(&entry("bob", "key-of-bob"));
    jump(CADENCE).await;
    assert!(!works(&keys, "key-of-ann").await && works(&keys, "key-of-bob").await);
    assert_eq!(log.lines("can be read again").len(), 1);
}

#[tokio::test]
async fn a_secret_file_is_read_again() {
    let folder = Folder::new();
    let path = folder.secret("ci", &format!("{LONG_ENOUGH}1\n"));
    let inline = format!(
        "[[keys]]\nname = \"ci\"\nsecret = \"file:{}\"",
        path.display()
    );
    let keys = keys(sources(None, &inline)).expect("keys");
    assert!(works(&keys, "0123456789abcdef1").await);
    folder.secret("ci", &format!("{LONG_ENOUGH}2"));
    jump(CADENCE).await;
    assert!(!works(&keys, "0123456789abcdef1").await);
    assert!(works(&keys, "0123456789abcdef2").await);
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_change_are_not_read_again() {
    let inline = format!("[[keys]]\nname = \"ci\"\nsha256 = \"{}\"", hex("abc"));
    let keys = keys(sources(None, &inline)).expect("keys");
    tokio::time::advance(Duration::from_mins(1)).await;
    assert!(keys.verified(Presented::of("abc")).is_some());
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let folder = Folder::new();
    let path = folder.write(&entry("ann", "key-of-ann"));
    for mode in [0o664, 0o646, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        let problems = keys(sources(Some(&path), "")).expect_err("exposed");
        assert!(problems[0].message.contains("chmod go-w"), "{problems:?}");
    }
    for mode in [0o644, 0o600, 0o440] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        assert!(keys(sources(Some(&path), "")).is_ok(), "{mode:o}");
    }
}

#[test]
fn what_is_no_keys_file_is_refused() {
    for path in ["/dev/zero", "/nowhere/at/all", "/"] {
        let problems = keys(sources(Some(Path::new(path)), "")).expect_err(path);
        assert!(problems[0].message.starts_with(path), "{problems:?}");
    }
    let ann = entry("ann", "x");
    let padded = |bytes: usize| format!("{ann}{}", "#".repeat(bytes - ann.len()));
    assert!(problem_of(&padded((1 << 20) + 1)).contains("at most 1 MiB"));
    let folder = Folder::new();
    let path = folder.write(&padded(1 << 20));
    assert!(keys(sources(Some(&path), "")).is_ok(), "the largest file");
    let path = folder.write("");
    fs::write(&path, b"# \xff").expect("a file");
    let problems = keys(sources(Some(&path), "")).expect_err("no text");
    assert!(problems[0].message.contains("UTF-8"), "{problems:?}");
}

#[test]
fn a_mistake_in_the_file_is_told_by_its_line_without_its_contents() {
    let good = entry("ann", "key-of-ann");
    for (text, start, part) in [
        ("\n[[key]\n", "FILE:2: ", "not TOML"),
        ("[[keys]]\nname = \"canary\"", "FILE:1: ", "no such setting"),
        (
            "[[key]]\nname = \"a\"\ncanary = 1",
            "FILE:3: ",
            "no such setting",
        ),
        ("[[key]]\nscopes = \"canary\"", "FILE:2: ", "wrong type"),
        (
            "[[key]]\nname = \"a\"\nsha256 = \"canary\"",
            "FILE:3: ",
            "64 hexadecimal",
        ),
        (
            "[[key]]\nname = \"a\"\nsha256 = 424242",
            "FILE:3: ",
            "64 hexadecimal",
        ),
        (
            "[[key]]\nname = \"a\"\nsecret = \"canary\"",
            "FILE:3: ",
            "env:NAME",
        ),
        (
            "[[key]]\nname = \"a\"\nexpires = \"canary\"",
            "FILE:3: ",
            "2027-01-31",
        ),
        (
            &format!("{good}\n[[key]]\nname = \"b\""),
            "FILE:6: ",
            "`sha256` is missing",
        ),
        // The third, whose line is counted from the second.
        (
            &format!("{good}{}\n[[key]]\nname = \"c\"", entry("b", "2")),
            "FILE:10: ",
            "`sha256` is missing",
        ),
        (
            &format!("{good}{good}").replacen("key-of", "x", 1),
            "FILE:5: ",
            "stands twice",
        ),
    ] {
        let folder = Folder::new();
        let path = folder.write(text);
        let problems = keys(sources(Some(&path), "")).expect_err(text);
        let message = problems[0]
            .message
            .replace(&path.display().to_string(), "FILE");
        assert!(
            message.starts_with(start) && message.contains(part),
            "{text}: {message}"
        );
        for word in ["canary", "424242"] {
            assert!(!message.contains(word), "{message}");
        }
    }
}

#[test]
fn entries_are_complete_and_distinct() {
    let folder = Folder::new();
    let short = folder.secret("short", "0123456789abcde");
    let odd = folder.secret("odd", "0123456789 abcdef");
    let long = folder.secret("long", &"0123456789".repeat(820)[..8_193]);
    let open = folder.secret("open", LONG_ENOUGH);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("permissions");
    let hash = hex("abc");
    let nothing = hex("");
    for (entry, path, part) in [
        (
            format!("sha256 = \"{hash}\""),
            "keys[0].name",
            "1 to 64 letters",
        ),
        (
            format!("name = \"a b\"\nsha256 = \"{hash}\""),
            "keys[0].name",
            "1 to 64 letters",
        ),
        (
            format!("name = \"{}\"\nsha256 = \"{hash}\"", "x".repeat(65)),
            "keys[0].name",
            "1 to 64",
        ),
        ("name = \"a\"".to_owned(), "keys[0].sha256", "is missing"),
        (
            format!("name = \"a\"\nsha256 = \"{hash}\"\nsecret = \"env:PATH\""),
            "keys[0].secret",
            "leave one out",
        ),
        (
            format!("name = \"a\"\nsha256 = \"{nothing}\""),
            "keys[0].sha256",
            "hash of nothing",
        ),
        (
            format!("name = \"a\"\nsecret = \"file:{}\"", short.display()),
            "keys[0].secret",
            "openssl rand -hex 32",
        ),
        (
            format!("name = \"a\"\nsecret = \"file:{}\"", odd.display()),
            "keys[0].secret",
            "cannot be sent in a header",
        ),
        (
            format!("name = \"a\"\nsecret = \"file:{}\"", open.display()),
            "keys[0].secret",
            "chmod 600",
        ),
        (
            "name = \"a\"\nsecret = \"env:MCP_FACTORY_NOT_SET\"".to_owned(),
            "keys[0].secret",
            "MCP_FACTORY_NOT_SET is not set",
        ),
        (
            format!("name = \"a\"\nsha256 = \"{hash}\"\nscopes = [\"a b\"]"),
            "keys[0].scopes",
            "is no scope",
        ),
        (
            format!("name = \"a\"\nsha256 = \"{hash}\"\ntenant = \"\""),
            "keys[0].tenant",
            "leave it out",
        ),
        (
            format!(
                "name = \"a\"\nsha256 = \"{hash}\"\ntenant = \"{}\"",
                "x".repeat(257)
            ),
            "keys[0].tenant",
            "1 to 256 characters",
        ),
        (
            format!("name = \"a\"\nsha256 = \"{hash}\"\ntenant = \"a\\nb\""),
            "keys[0].tenant",
            "1 to 256 characters",
        ),
        (
            format!("name = \"a\"\nsecret = \"file:{}\"", long.display()),
            "keys[0].secret",
            "at most 8 KiB",
        ),
    ] {
        let found = problems_of_entries(&format!("[[keys]]\n{entry}"));
        let [(at, message)] = found.as_slice() else {
            panic!("{entry}: {found:?}");
        };
        assert_eq!(at, path, "{message}");
        assert!(message.contains(part), "{entry}: {message}");
        assert!(!message.contains("0123456789"), "{message}");
    }
    let many: Vec<String> = (0..257).map(|number| format!("\"s{number}\"")).collect();
    let found = problems_of_entries(&format!(
        "[[keys]]\nname = \"a\"\nsha256 = \"{hash}\"\nscopes = [{}]",
        many.join(",")
    ));
    assert!(found[0].1.contains("more than 256"), "{found:?}");
}

#[tokio::test]
async fn what_is_just_within_the_limits_is_taken() {
    let folder = Folder::new();
    let secret = "0123456789".repeat(820)[..8_192].to_owned();
    let path = folder.secret("longest", &secret);
    let scopes: Vec<String> = (0..256).map(|number| format!("\"s{number}\"")).collect();
    let (name, tenant) = ("x".repeat(64), "é".repeat(256));
    let inline = format!(
        "[[keys]]\nname = \"{name}\"\nsecret = \"file:{}\"\nscopes = [{}]\ntenant = \"{tenant}\"\n\
         [[keys]]\nname = \"b\"\nsha256 = \"{}\"\n",
        path.display(),
        scopes.join(","),
        hex("2")
    );
    assert_eq!(sources(None, &inline).check(), Vec::new());
    let keys = keys(sources(None, &inline)).expect("keys");
    let holder = keys.authenticate(Presented::of(&secret)).await;
    let holder = holder.expect("a holder");
    assert_eq!(holder.id(), format!("key|{name}"));
    assert_eq!(holder.tenant(), Some(tenant.as_str()));
}

#[test]
fn two_keys_share_neither_name_nor_secret() {
    let inline =
        |name: &str, key: &str| format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{}\"\n", hex(key));
    let found = problems_of_entries(&(inline("a", "1") + &inline("a", "2")));
    assert_eq!(found[0].0, "keys[1].name");
    assert!(found[0].1.contains("stands twice"), "{found:?}");
    let found = problems_of_entries(&(inline("a", "1") + &inline("b", "1")));
    assert_eq!(found[0].0, "keys[1].sha256");
    assert!(found[0].1.contains("an entry above"), "{found:?}");

    let folder = Folder::new();
    let path = folder.write(&entry("a", "1"));
    let problems = keys(sources(Some(&path), &inline("a", "2"))).expect_err("one in each");
    assert!(
        problems[0].message.contains(":1: `name` stands twice"),
        "{problems:?}"
    );
}

#[test]
fn the_number_of_keys_is_bounded() {
    let all = |count: usize| -> String {
        let entries = (0..count).map(|number| entry(&format!("k{number}"), &number.to_string()));
        entries.collect()
    };
    let folder = Folder::new();
    let path = folder.write(&all(1_000));
    let full = keys(sources(Some(&path), "")).expect("a thousand");
    assert!(full.verified(Presented::of("999")).is_some());
    assert!(problem_of(&all(1_001)).contains("at most 1000"));
}
