//! Where lines end up. All of it may block, so only the writer's own thread is in this room.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::fs::OFlags;

use super::rotation::{Age, NotAFile, Rotation, names_a_file};
use crate::Problem;

/// How often a file's path is looked at for whether it still names the file.
const LOOK: Duration = Duration::from_secs(1);
/// How long until a place that takes nothing now is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// A place for lines.
#[derive(Debug)]
pub(super) enum Sink {
    Stderr(Tail),
    File(LogFile),
}

impl Sink {
    pub(super) fn stderr() -> Self {
        Self::Stderr(Tail::default())
    }

    /// The file at `path`; else what is wrong with which setting.
    pub(super) fn file(path: &Path, rotation: Option<Rotation>) -> Result<Self, Problem> {
        let file = LogFile::open(path)
            .map_err(|error| Problem::new("to", super::not_opened(path, &error)))?;
        let file = file.rotating(rotation);
        Ok(Self::File(file.map_err(|error| {
            Problem::new("rotate", error.to_string())
        })?))
    }

    /// Writes a line, all of it or an error; waits for a place that is slow.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Stderr(tail) => tail.write(&mut io::stderr().lock(), line),
            Self::File(log) => log.write_line(line),
        }
    }
}

/// A file that is written at its end, and how to know that it was renamed away: then the path's new one is written,
/// within a second. Writing blocks, so it is for a thread of its own.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    /// Device and inode.
    identity: (u64, u64),
    looked: Instant,
    tail: Tail,
    rotation: Option<Rotation>,
    age: Age,
}

impl LogFile {
    /// The file at `path`, which is made with mode `600` when it is not there.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            path: path.to_owned(),
            identity: identity(&metadata),
            file,
            looked: Instant::now(),
            tail: Tail::default(),
            rotation: None,
            age: age(&metadata),
        })
    }

    /// The same, put aside for a new one as `rotation` says.
    ///
    /// # Errors
    /// With a rotation, a path that leads to a device or a pipe, or by a link: to rename it would take it from others.
    pub fn rotating(self, rotation: Option<Rotation>) -> Result<Self, NotAFile> {
        let is_file = || {
            self.file
                .metadata()
                .is_ok_and(|metadata| metadata.is_file())
                && names_a_file(&self.path)
        };
        if rotation.is_some() && !is_file() {
            return Err(NotAFile(self.path));
        }
        Ok(Self { rotation, ..self })
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.looked.elapsed() >= LOOK {
            self.follow();
        }
        self.rotate(line.len(), since_epoch());
        self.tail.write(&mut self.file, line)?;
        self.age.add(line.len());
        Ok(())
    }

    /// Puts the file aside if it is time. Where that fails, the old one is written on, until it is time again.
    fn rotate(&mut self, line: usize, now: Duration) {
        let is_due = |log: &Self| {
            log.rotation
                .filter(|rotation| rotation.is_due(log.age, line, now))
        };
        if is_due(self).is_none() {
            return;
        }
        // Another process may have done it.
        self.follow();
        let Some(rotation) = is_due(self) else {
            return;
        };
        if let Err(error) = rotation.put_aside(&self.path, now) {
            tracing::warn!(path = %self.path.display(), %error, "a file that was due could not be put aside, or an old one removed");
        }
        self.age = Age::new(0, now);
        self.follow();
    }

    /// Goes over to the file that the path names now. Where none can be opened, the old one is better than none.
    fn follow(&mut self) {
        self.looked = Instant::now();
        let now = std::fs::metadata(&self.path);
        if now.is_ok_and(|now| identity(&now) == self.identity) {
            return;
        }
        match open(&self.path).and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) => {
                self.identity = identity(&metadata);
                self.age = age(&metadata);
                self.file = file;
                self.tail = Tail::default();
            }
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "what is written goes on in the file that was renamed");
            }
        }
    }
}

/// Whole lines, one at a time.
impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_line(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a file for its end. Does not wait for the reader of a pipe: without one this is an error, and
/// with a slow one so is writing, until it reads.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
}

fn age(metadata: &std::fs::Metadata) -> Age {
    let written = metadata.modified().ok();
    let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Age::new(metadata.len(), written.unwrap_or_else(since_epoch))
}

fn since_epoch() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// How the last line ended.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Only a part of it was written: the next begins a line of its own.
    is_torn: bool,
}

impl Tail {
    fn write(&mut self, out: &mut impl Write, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            put(out, b"\n").map_err(|(_, error)| error)?;
            self.is_torn = false;
        }
        put(out, line).map_err(|(written, error)| {
            self.is_torn = written > 0;
            error
        })
    }
}

/// Writes everything; else how much was written.
fn put(out: &mut impl Write, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A full pipe. Standard error may have been given to us in this mode too.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return Err((written, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `room` bytes, then is full until it is emptied.
    #[derive(Default)]
    struct Disk {
        room: usize,
        held: Vec<u8>,
        hiccups: Vec<ErrorKind>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(kind) = self.hiccups.pop() {
                return Err(kind.into());
            }
            let count = bytes.len().min(self.room);
            if count == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.room -= count;
            self.held.extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_file_that_is_full_is_put_aside_with_no_line_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let rotation = Rotation {
            when: super::super::Rotate::Size(100),
            keep: 90,
        };
        let mut log = LogFile::open(&path)
            .expect("a file")
            .rotating(Some(rotation))
            .expect("it is a file");
        for number in 0..10 {
            log.write_line(format!("{number:039}\n").as_bytes())
                .expect("there is room");
            // Names tell milliseconds apart.
            thread::sleep(Duration::from_millis(2));
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort_unstable();
        // The one that is written sorts before those with a time.
        files.rotate_left(1);
        assert_eq!(files.len(), 5);
        let texts = files
            .iter()
            .map(|file| std::fs::read_to_string(file).expect("a file"));
        let texts: Vec<String> = texts.collect();
        assert!(texts.iter().all(|text| text.len() == 80), "{texts:?}");
        let numbers: Vec<u32> = texts
            .concat()
            .lines()
            .map(|line| line.parse().expect("one"))
            .collect();
        assert_eq!(numbers, (0..10).collect::<Vec<_>>());
        // What was written before is counted after a restart, too.
        drop(log);
        let mut log = LogFile::open(&path)
            .expect("a file")
            .rotating(Some(rotation))
            .expect("it is a file");
        log.write_line(&[b'x'; 40]).expect("there is room");
        assert_eq!(std::fs::read(&path).expect("a file").len(), 40);
    }

    #[test]
    fn what_is_no_file_is_written_and_never_rotates() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).expect("a link");
        let rotation = Some(Rotation {
            when: super::super::Rotate::Size(1 << 10),
            keep: 1,
        });
        for path in [Path::new("/dev/null"), &link] {
            let open = || LogFile::open(path).expect("it can be written");
            let error = open().rotating(rotation).expect_err("it is none");
            let error = error.to_string();
            assert!(
                error.contains("leave `rotate` out") && error.contains(&path.display().to_string()),
                "{error}"
            );
            open()
                .rotating(None)
                .expect("it is only written")
                .write_line(b"x\n")
                .expect("it is written");
        }
    }

    #[test]
    fn a_day_ends_with_the_first_line_of_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let rotation = Rotation {
            when: super::super::Rotate::Daily,
            keep: 1,
        };
        let mut log = LogFile::open(&path)
            .expect("a file")
            .rotating(Some(rotation))
            .expect("it is a file");
        log.write_line(b"today\n").expect("there is room");
        let tomorrow = since_epoch() + Duration::from_hours(24);
        log.rotate(9, tomorrow);
        log.rotate(9, tomorrow + Duration::from_secs(1));
        assert_eq!(std::fs::read(&path).expect("a new file"), b"");
        let count = || std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(count(), 2);
        // Of older ones as many as are kept.
        log.age = Age::new(7, tomorrow);
        log.rotate(9, tomorrow + Duration::from_hours(24));
        assert_eq!(count(), 2);
    }

    #[test]
    fn a_torn_line_does_not_spoil_the_next() {
        let mut disk = Disk {
            room: 7,
            ..Disk::default()
        };
        let mut tail = Tail::default();
        tail.write(&mut disk, b"one\n").expect("there is room");
        for line in [b"two\n", b"tri\n"] {
            assert!(tail.write(&mut disk, line).is_err());
        }
        disk.room = 100;
        tail.write(&mut disk, b"four\n").expect("there is room");
        tail.write(&mut disk, b"five\n").expect("there is room");
        assert_eq!(disk.held, b"one\ntwo\nfour\nfive\n");
    }

    #[test]
    fn a_line_of_which_nothing_was_written_leaves_no_gap() {
        let mut disk = Disk::default();
        let mut tail = Tail::default();
        assert!(tail.write(&mut disk, b"one\n").is_err());
        disk.room = 100;
        tail.write(&mut disk, b"two\n").expect("there is room");
        assert_eq!(disk.held, b"two\n");
    }

    #[test]
    fn an_interruption_is_no_error() {
        let hiccups = vec![ErrorKind::Interrupted, ErrorKind::WouldBlock];
        let mut disk = Disk {
            room: 100,
            hiccups,
            ..Disk::default()
        };
        Tail::default()
            .write(&mut disk, b"one\n")
            .expect("it goes on");
        assert_eq!(disk.held, b"one\n");
    }
}
