//! Where lines end up. All of it may block, so only the writer's own thread is in this room.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;

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

    /// The file at `path`.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        LogFile::open(path).map(Self::File)
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
}

impl LogFile {
    /// The file at `path`, which is made with mode `600` when it is not there.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        Ok(Self {
            path: path.to_owned(),
            identity: identity(&file.metadata()?),
            file,
            looked: Instant::now(),
            tail: Tail::default(),
        })
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.follow();
        self.tail.write(&mut self.file, line)
    }

    /// Goes over to the file that the path names now. Where none can be opened, the old one is better than none.
    fn follow(&mut self) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let now = std::fs::metadata(&self.path);
        if now.is_ok_and(|now| identity(&now) == self.identity) {
            return;
        }
        match open(&self.path).and_then(|file| Ok((identity(&file.metadata()?), file))) {
            Ok((identity, file)) => {
                self.identity = identity;
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
