//! The resolver against the kernel's own: `openat2` with `RESOLVE_BENEATH`, on random trees of links.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use crate::sandbox::Sandbox;

/// The names trees and paths are made of. `hidden` is denied.
const NAMES: [&str; 6] = ["a", "b", "c", "hidden", "..", "."];

#[derive(Clone, Debug)]
enum Made {
    Directory,
    File,
    Link(String),
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 1..6).prop_map(|parts| parts.join("/"))
}

fn plain_path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NAMES[..4]), 1..4).prop_map(|parts| parts.join("/"))
}

fn made() -> impl Strategy<Value = Made> {
    let target = prop_oneof![
        6 => path(),
        1 => Just("../outside".to_owned()),
        1 => Just("../../outside/secret.txt".to_owned()),
        1 => Just("/etc".to_owned()),
    ];
    prop_oneof![2 => Just(Made::Directory), 2 => Just(Made::File), 3 => target.prop_map(Made::Link)]
}

/// Makes what can be made; a part that is in the way of another stays as it is.
fn grow(root: &Path, parts: &[(String, Made)]) {
    for (at, (path, made)) in parts.iter().enumerate() {
        let full = root.join(path);
        // Never through a link: the tree must not grow outside.
        let through_link = full
            .ancestors()
            .skip(1)
            .take_while(|above| *above != root)
            .any(Path::is_symlink);
        if through_link
            || full
                .parent()
                .is_some_and(|parent| fs::create_dir_all(parent).is_err())
        {
            continue;
        }
        let made = match made {
            Made::Directory => fs::create_dir(&full),
            Made::File if !full.is_symlink() && !full.is_dir() => {
                fs::write(&full, format!("content {at}"))
            }
            Made::File => Ok(()),
            Made::Link(target) => symlink(target, &full),
        };
        // One that was in the way stays.
        drop(made);
    }
}

/// What the kernel reads at a path, beneath the root.
fn by_kernel(root: &File, path: &str) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut file = File::from(openat2(root, path, flags, Mode::empty(), beneath).ok()?);
    let mut content = String::new();
    (file.metadata().ok()?.is_file() && file.read_to_string(&mut content).is_ok())
        .then_some(content)
}

/// How many trees: `PROPTEST_CASES`, else 150.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .map_or(150, |cases| cases.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_kernel(
        parts in prop::collection::vec((plain_path(), made()), 1..14),
        paths in prop::collection::vec(path(), 30),
    ) {
        let sandbox = Sandbox::with(|config, _| config.deny = vec!["hidden".into()]);
        let open = Sandbox::with(|config, _| config.deny.clear());
        grow(&sandbox.path(""), &parts);
        grow(&open.path(""), &parts);
        let root = File::open(sandbox.path("")).unwrap();
        for path in &paths {
            let kernel = by_kernel(&root, path);
            // Without rules: the same files, no more and no fewer.
            prop_assert_eq!(open.read(path).ok(), kernel.clone(), "{} in {:?}", path, parts);
            // With rules: those of them that are not denied by the path they really have.
            let real = fs::canonicalize(sandbox.path(path)).ok();
            let is_hidden = real.is_some_and(|real| real.iter().any(|name| name == "hidden"));
            match sandbox.read(path) {
                Ok(content) => {
                    prop_assert!(!is_hidden, "{} is denied in {:?}", path, parts);
                    prop_assert_eq!(Some(content), kernel);
                }
                Err(error) => {
                    let denied = error.to_string().contains("off limits");
                    prop_assert!(kernel.is_none() || denied, "{}: {} in {:?}", path, error, parts);
                }
            }
        }
    }
}
