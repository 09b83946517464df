//! Packing the files that were put aside, in a thread of its own that is there while there are any.
//!
//! Whenever it ends, killed in the middle included, each file is there at least once: as it was until the packed one
//! has its name, and is on the disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::fs::OFlags;

use super::{
    gzip::gzip,
    rotation::{PACKED, PACKING, aside, time},
    since_epoch,
};

/// Other processes that write the same file look for its new one within a second: until then they write the old one.
const REST: Duration = Duration::from_secs(2);
/// How long a thread that rests takes to see that it should end.
const NAP: Duration = Duration::from_millis(50);

/// Packs in the background. Ends when it is dropped, whatever is not yet packed: the next process does it.
#[derive(Debug, Default)]
pub(super) struct Packer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    runs: bool,
    /// There may be more than it has seen.
    wanted: bool,
    ending: bool,
}

impl Packer {
    /// There may be files that `path` was put aside as and that are not packed.
    pub(super) fn wake(&self, path: &Path) {
        let mut state = lock(&self.0);
        state.wanted = true;
        if state.runs {
            return;
        }
        let (shared, path) = (Arc::clone(&self.0), path.to_owned());
        // Its log is that of whoever writes.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let run = move || tracing::dispatcher::with_default(&log, || run(&shared, &path));
        let started = thread::Builder::new().name("pack".to_owned()).spawn(run);
        // Without a thread they stay as they are, until the next one is put aside.
        state.runs = started.is_ok();
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        lock(&self.0).ending = true;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(shared: &Mutex<State>, path: &Path) {
    let may_go_on = || !lock(shared).ending;
    loop {
        {
            let mut state = lock(shared);
            if state.ending || !state.wanted {
                state.runs = false;
                return;
            }
            state.wanted = false;
        }
        let mut rested = Duration::ZERO;
        while rested < REST && may_go_on() {
            thread::sleep(NAP);
            rested += NAP;
        }
        match pack_all(path, since_epoch(), &may_go_on) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                tracing::warn!(path = %path.display(), %error, "a file that was put aside could not be packed");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Packs what was put aside long enough ago.
fn pack_all(path: &Path, now: Duration, may_go_on: &impl Fn() -> bool) -> io::Result<()> {
    // Some thought for a name that says a little later than it was given.
    let latest = time(now.saturating_sub(REST / 2));
    for (at, forms) in aside(path)? {
        let mut plain = path.as_os_str().to_owned();
        plain.push(&at);
        let plain = PathBuf::from(plain);
        // A path without a folder is listed with one.
        let is_plain = |form: &PathBuf| form.file_name() == plain.file_name();
        if at <= latest && forms.iter().any(is_plain) {
            pack(&plain, may_go_on)?;
        }
    }
    Ok(())
}

/// Packs one file, and removes it when that is done.
fn pack(plain: &Path, may_go_on: &impl Fn() -> bool) -> io::Result<()> {
    let with = |ending: &str| {
        let mut name = plain.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let (packing, packed) = (with(PACKING), with(PACKED));
    if fs::exists(&packed)? {
        // Done, but for this.
        return fs::remove_file(plain);
    }
    let part = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(&packing)?;
    if part.try_lock().is_err() {
        // Another process packs it.
        return Ok(());
    }
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let is_ours =
        fs::symlink_metadata(&packing).map(identity).ok() == part.metadata().map(identity).ok();
    if !is_ours {
        // Another process has done it just now, and this is what came of it.
        return Ok(());
    }
    let written = File::open(plain).and_then(|from| {
        // Left by somebody, it may be for others to read.
        part.set_permissions(fs::Permissions::from_mode(0o600))?;
        part.set_len(0)?;
        gzip(from, &part, may_go_on)?;
        // On the disk before it has its name, and before the other one is gone.
        part.sync_all()?;
        fs::rename(&packing, &packed)
    });
    if let Err(error) = written {
        fs::remove_file(&packing)?;
        return Err(error);
    }
    fs::remove_file(plain)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const NOW: Duration = Duration::from_hours(24);

    fn put_aside(folder: &Path, text: &str) -> (PathBuf, PathBuf) {
        let path = folder.join("a.jsonl");
        let plain = folder.join(format!("a.jsonl{}", time(NOW / 2)));
        fs::write(&plain, text).expect("a file");
        (path, plain)
    }

    fn unpacked(plain: &Path) -> String {
        let packed = format!("{}{PACKED}", plain.display());
        let output = Command::new("gzip").args(["-dc", &packed]).output();
        let output = output.expect("gzip is everywhere");
        assert!(output.status.success(), "{output:?}");
        let mode = fs::metadata(packed).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        String::from_utf8(output.stdout).expect("text")
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).expect("a folder").count()
    }

    #[test]
    fn one_that_was_killed_in_the_middle_has_lost_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, plain) = put_aside(folder.path(), "one\ntwo\n");
        // Half of a packed file, longer than the whole one will be.
        let part = format!("{}{PACKING}", plain.display());
        fs::write(&part, "x".repeat(1_000)).expect("a file");
        fs::set_permissions(&part, fs::Permissions::from_mode(0o600)).expect("its owner's");
        pack_all(&path, NOW, &|| true).expect("it is packed");
        assert_eq!(unpacked(&plain), "one\ntwo\n");
        assert_eq!(names(folder.path()), 1);
        // Killed after the packed one had its name.
        fs::write(&plain, "one\ntwo\n").expect("a file");
        pack_all(&path, NOW, &|| true).expect("it was packed");
        assert_eq!(unpacked(&plain), "one\ntwo\n");
        assert_eq!(names(folder.path()), 1);
    }

    #[test]
    fn what_is_stopped_or_has_no_room_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, plain) = put_aside(folder.path(), "one\n");
        pack_all(&path, NOW, &|| false).expect_err("it was stopped");
        assert_eq!(fs::read_to_string(&plain).expect("a file"), "one\n");
        assert_eq!(names(folder.path()), 1);
        // A link where it would be written is not followed.
        let elsewhere = folder.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, format!("{}{PACKING}", plain.display()))
            .expect("a link");
        pack_all(&path, NOW, &|| true).expect_err("it is a link");
        assert!(!elsewhere.exists() && plain.exists());
    }

    #[test]
    fn who_packs_the_same_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, plain) = put_aside(folder.path(), "one\n");
        let part = File::create(format!("{}{PACKING}", plain.display())).expect("a file");
        part.lock().expect("a lock");
        pack_all(&path, NOW, &|| true).expect("somebody does it");
        assert_eq!(names(folder.path()), 2);
        drop(part);
        // What others may still write is left alone as well.
        pack_all(&path, NOW / 2, &|| true).expect("nothing is wrong");
        assert_eq!(names(folder.path()), 2);
        pack_all(&path, NOW, &|| true).expect("it is packed");
        assert_eq!(unpacked(&plain), "one\n");
    }

    #[test]
    fn a_packer_packs_and_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, plain) = put_aside(folder.path(), "one\n");
        let packer = Packer::default();
        packer.wake(&path);
        packer.wake(&path);
        for _ in 0..200 {
            if !plain.exists() {
                break;
            }
            thread::sleep(NAP);
        }
        assert_eq!(unpacked(&plain), "one\n");
        for _ in 0..200 {
            if !lock(&packer.0).runs {
                return;
            }
            thread::sleep(NAP);
        }
        panic!("its thread goes on");
    }
}
