//! Each of these needs a root that can be read at once: beside this binary, where there is mostly a disk. Where there
//! is none they end at once; what decides of that is tested by itself.

#![expect(
    clippy::disallowed_methods,
    reason = "tests set up files from outside of the roots"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::{Advice, fadvise};
use tempfile::TempDir;

use super::*;
use crate::config::{Config, Mode as RootMode, RootConfig};
use crate::read::TextRequest;

struct Bed {
    folder: TempDir,
    files: Files,
    turns: Arc<Semaphore>,
}

impl Bed {
    fn new(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let folder = TempDir::new_in(std::env::current_exe().unwrap().parent().unwrap()).unwrap();
        let mut config = Config {
            roots: vec![RootConfig {
                name: Some("bed".into()),
                path: folder.path().to_owned(),
                mode: RootMode::Ro,
            }],
            ..Config::default()
        };
        change(&mut config);
        let turns = Arc::new(Semaphore::new(1));
        let files = Files::open(&config).unwrap().at_once(Arc::clone(&turns));
        let is_possible = files.roots.iter().next().unwrap().at_once;
        is_possible.then_some(Self {
            folder,
            files,
            turns,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        let read = self.files.read_text_at_once(&TextRequest::whole(path));
        read.map(|read| read.unwrap().content)
    }

    fn handle(&self, name: &str) -> File {
        File::from_std(StdFile::open(self.path(name)).unwrap())
    }
}

#[test]
fn only_disks_of_this_machine_are_asked() {
    for local in [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010] {
        assert!(is_local(local), "{local:x}");
    }
    for (name, other) in [
        ("nfs", 0x6969),
        ("smb", 0x517B),
        ("smb2", 0xFE53_4D42),
        ("cifs", 0xFF53_4D42),
        ("9p", 0x0102_1997),
        ("ceph", 0x00C3_6400),
        ("afs", 0x6B41_4653),
        ("gfs2", 0x0116_1970),
        ("fuse", 0x6573_5546),
        ("overlayfs", 0x794C_7630),
        ("ecryptfs", 0xF15F),
        ("autofs", 0x0187),
        ("proc", 0x9FA0),
        ("sysfs", 0x6265_6572),
        ("tmpfs", 0x0102_1994),
        ("unknown", 0),
    ] {
        assert!(!is_local(other), "{name}");
    }
    assert!(
        RESOLVE.contains(ResolveFlags::CACHED),
        "names are not looked for on a disk"
    );
    let proc = Dir::open_ambient_dir("/proc", cap_std::ambient_authority()).unwrap();
    assert!(!is_possible(&proc));
}

#[test]
fn one_worker_is_left_whatever_happens_to_the_others() {
    for (workers, turns) in [(0, 0), (1, 1), (2, 1), (64, 63)] {
        assert_eq!(turns_among(workers), turns);
    }
}

#[test]
fn small_files_are_read_to_the_byte_and_larger_ones_are_not() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    let most = usize::try_from(MOST).unwrap();
    for size in [0, 1, 4095, 4096, 4097, most - 1, most] {
        let content = "x".repeat(size);
        bed.put("d/f", &content);
        assert_eq!(bed.read("d/f"), Some(content), "{size}");
    }
    bed.put("d/f", "x".repeat(most + 1));
    assert_eq!(bed.read("d/f"), None);
    assert_eq!(bed.read("none"), None);
    assert_eq!(bed.read("d"), None);
    assert_eq!(bed.read("."), None);
}

#[test]
fn a_file_that_grows_or_shrinks_is_left_to_the_long_way() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    bed.put("f", "0123456789");
    let file = bed.handle("f");
    assert_eq!(read(&file, 10, true).unwrap(), b"0123456789");
    assert_eq!(read(&file, 4, true), None, "it grew since it was measured");
    assert_eq!(read(&file, 12, true), None, "it shrank");
    assert_eq!(read(&file, 4, false).unwrap(), b"0123");
}

#[test]
fn what_is_not_in_memory_is_not_waited_for() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    bed.put("f", "on disk");
    let file = StdFile::open(bed.path("f")).unwrap();
    // The kernel forgets when it likes; it does so sooner or later.
    let forgotten = (0..200).any(|_| {
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        bed.read("f").is_none()
    });
    assert!(
        forgotten,
        "every read was answered, also those that had to wait for the disk"
    );
    let long = bed.files.read_text(&TextRequest::whole("f")).unwrap();
    assert_eq!(long.content, "on disk");
    assert_eq!(bed.read("f").unwrap(), "on disk", "it is in memory now");
}

#[test]
fn links_and_ways_up_are_left_to_the_long_way() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    bed.put("d/f", "inside");
    bed.put("secret", "denied under another name");
    symlink("f", bed.path("d/link")).unwrap();
    symlink("d", bed.path("l")).unwrap();
    symlink("/etc/passwd", bed.path("out")).unwrap();
    for path in [
        "d/link",
        "l/f",
        "out",
        "d/../d/f",
        "../bed/d/f",
        "d/f/",
        "d/f/.",
    ] {
        assert_eq!(bed.read(path), None, "{path}");
        assert!(bed.files.info_at_once(path).is_none(), "{path}");
    }
    for path in [
        "d/f",
        "./d//./f",
        "bed:d/f",
        bed.path("d/f").to_str().unwrap(),
    ] {
        assert_eq!(bed.read(path).as_deref(), Some("inside"), "{path}");
    }
}

#[test]
fn deny_rules_hold() {
    let Some(bed) = Bed::new(|config| config.deny_hardlinks = true) else {
        return;
    };
    for name in [".env", ".git/config", "deep/.GIT/x", "deep/key.pem"] {
        bed.put(name, "no");
        assert_eq!(bed.read(name), None, "{name}");
        assert!(bed.files.info_at_once(name).is_none(), "{name}");
    }
    bed.put("one", "one name");
    assert!(bed.read("one").is_some());
    fs::hard_link(bed.path("one"), bed.path("two")).unwrap();
    assert_eq!(bed.read("one"), None);
}

#[test]
fn another_file_system_below_the_root_is_left_to_the_long_way() {
    let Some(bed) = Bed::new(|config| config.roots[0].path = "/".into()) else {
        return;
    };
    assert_eq!(bed.read("proc/self/status"), None);
    assert!(bed.files.info_at_once("proc").is_none());
    assert!(bed.files.info_at_once("etc").is_some());
}

#[test]
fn a_fifo_is_not_opened_so_nobody_at_its_other_end_notices() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    let fifo = bed.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let (opened, wait) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let writer = fs::OpenOptions::new().write(true).open(&fifo);
            opened.send(()).unwrap();
            drop(writer);
        });
        for _ in 0..20 {
            assert_eq!(bed.read("fifo"), None);
            let info = bed.files.info_at_once("fifo").unwrap();
            assert_eq!((info.kind, info.mime_type), (crate::EntryType::Fifo, None));
            assert!(
                wait.recv_timeout(Duration::from_millis(5)).is_err(),
                "it was opened"
            );
        }
        drop(StdFile::open(&fifo).unwrap());
    });
}

#[test]
fn so_many_at_a_time_and_no_more() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    bed.put("f", "text");
    let first = bed.turns.try_acquire().unwrap();
    assert_eq!(bed.read("f"), None);
    assert!(bed.files.info_at_once("f").is_none());
    drop(first);
    assert_eq!(bed.read("f").as_deref(), Some("text"));
    bed.turns.close();
    assert_eq!(bed.read("f"), None);
}

#[test]
fn information_is_that_of_the_long_way() {
    let Some(bed) = Bed::new(|_| {}) else { return };
    bed.put("d/picture", b"\x89PNG\r\n\x1a\n rest");
    bed.put("d/long", "é".repeat(usize::try_from(MOST).unwrap()));
    for path in ["d", "d/picture", "d/long", "."] {
        let long = bed.files.info(path).unwrap();
        let at_once = bed.files.info_at_once(path);
        match at_once {
            Some(at_once) => assert_eq!(format!("{at_once:?}"), format!("{long:?}")),
            None => assert_eq!(path, "."),
        }
    }
}
