//! Files of lines that a server writes: at their end, put aside when it is time, and the old ones compressed and
//! removed.
//!
//! In the room: [`LogFile`]; when a file is put aside and which of those stay (`rotation`), packing them (`pack`,
//! `gzip`), whole lines (`tail`). Not here: what the lines say, and the threads that write them.

mod gzip;
mod pack;
mod rotation;
mod tail;

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::fs::OFlags;

pub use self::rotation::{NotAFile, NotARotation, Rotate, Rotation, can_be_put_aside};
use self::{
    pack::Packer,
    rotation::{Age, DAY, folder_of, names_a_file, put_aside},
};
pub(crate) use self::{rotation::size, tail::Tail};

/// How often a file's path is looked at for whether it still names the file.
const LOOK: Duration = Duration::from_secs(1);

/// A file that is written at its end, and how to know that it was renamed away: then the path's new one is written,
/// within a second. Writing blocks, so it is for a thread of its own.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    links: Links,
    file: File,
    /// Device and inode.
    identity: (u64, u64),
    looked: Instant,
    /// The path names no file that can be written: told once, until it does again.
    lost: Option<Lost>,
    tail: Tail,
    rotation: Option<Rotation>,
    packer: Packer,
    age: Age,
    /// The day on which old files were last looked for, since 1970.
    pruned: u64,
}

/// Whether a link in the place of a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Followed,
    Refused,
}

/// What is left where the path names nothing that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// The file has another name and is written on.
    Renamed,
    /// It has no name: what were written would be gone with the process.
    Removed,
}

impl LogFile {
    /// The file at `path`, which is made with mode `600` when it is not there.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_by(path, Links::Followed)
    }

    /// The same, but not where a link in the place of the file leads.
    ///
    /// # Errors
    /// Why it cannot be written; that it is a link.
    pub fn open_itself(path: &Path) -> io::Result<Self> {
        Self::open_by(path, Links::Refused)
    }

    fn open_by(path: &Path, links: Links) -> io::Result<Self> {
        let file = open(path, links)?;
        let metadata = file.metadata()?;
        Ok(Self {
            path: path.to_owned(),
            links,
            identity: identity(&metadata),
            file,
            looked: Instant::now(),
            lost: None,
            tail: tail(path, &metadata),
            rotation: None,
            packer: Packer::default(),
            age: age(&metadata),
            pruned: 0,
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

    /// Puts the file aside if its day is over, and removes old ones that have had theirs: for whoever has nothing to
    /// write at midnight.
    pub(crate) fn look(&mut self) {
        let now = since_epoch();
        self.rotate(0, now);
        self.prune(now);
    }

    /// Writes a line, all of it or an error; waits for a place that is slow.
    pub(crate) fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.looked.elapsed() >= LOOK {
            self.follow();
        }
        let now = since_epoch();
        self.rotate(line.len(), now);
        self.prune(now);
        if self.lost == Some(Lost::Removed) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "its file was removed and cannot be made anew",
            ));
        }
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
        if is_due(self).is_none() {
            return;
        }
        if let Err(error) = put_aside(&self.path, now) {
            tracing::warn!(path = %self.path.display(), %error, "a file that was due could not be put aside");
        }
        self.age = Age::new(0, now);
        self.follow();
        self.pruned = 0;
        self.prune(now);
    }

    /// Removes what is too old or too many and has the others packed, what an earlier process left among them: at the
    /// first line, once a day, and after each that was put aside. Not before: who only looks whether a file can be
    /// written changes nothing.
    fn prune(&mut self, now: Duration) {
        let today = now.as_secs() / DAY;
        let Some(rotation) = self.rotation.filter(|_| self.pruned != today) else {
            return;
        };
        self.pruned = today;
        if let Err(error) = rotation.prune(&self.path, now) {
            tracing::warn!(path = %self.path.display(), %error, "old files could not be removed");
        }
        if rotation.compress {
            self.packer.wake(&self.path);
        }
    }

    /// Goes over to the file that the path names now. Where none can be opened, the old one is better than none.
    fn follow(&mut self) {
        self.looked = Instant::now();
        let now = match self.links {
            Links::Followed => std::fs::metadata(&self.path),
            Links::Refused => std::fs::symlink_metadata(&self.path),
        };
        if now.is_ok_and(|now| identity(&now) == self.identity) {
            self.lost = None;
            return;
        }
        match open(&self.path, self.links).and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) => {
                self.identity = identity(&metadata);
                self.age = age(&metadata);
                self.tail = tail(&self.path, &metadata);
                self.file = file;
                self.lost = None;
            }
            Err(error) => {
                let named = self.file.metadata().is_ok_and(|file| file.nlink() > 0);
                let lost = if named { Lost::Renamed } else { Lost::Removed };
                if self.lost != Some(lost) {
                    let path = self.path.display();
                    match lost {
                        Lost::Renamed => {
                            tracing::warn!(%path, %error, "what is written goes on in the file that was renamed");
                        }
                        Lost::Removed => {
                            tracing::warn!(%path, %error, "a file was removed and cannot be made anew: what were written is lost");
                        }
                    }
                }
                self.lost = Some(lost);
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
fn open(path: &Path, links: Links) -> io::Result<File> {
    let flags = match links {
        Links::Followed => OFlags::NONBLOCK,
        Links::Refused => OFlags::NONBLOCK | OFlags::NOFOLLOW,
    };
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// What a line comes after: a process that was killed may have left half of one.
fn tail(path: &Path, metadata: &Metadata) -> Tail {
    let last = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        io::Result::Ok(byte[0])
    };
    let has_lines = metadata.is_file() && metadata.len() > 0;
    Tail::after(has_lines && last().is_ok_and(|byte| byte != b'\n'))
}

fn age(metadata: &Metadata) -> Age {
    let written = metadata.modified().ok();
    let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Age::new(metadata.len(), written.unwrap_or_else(since_epoch))
}

fn since_epoch() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// How long it is until the next day, UTC.
pub(crate) fn until_midnight() -> Duration {
    let now = since_epoch();
    Duration::from_secs((now.as_secs() / DAY + 1) * DAY).saturating_sub(now)
}

/// Whether two paths lead to one file, or will when it is made.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let there = |path| std::fs::metadata(path).map(|found| identity(&found)).ok();
    let to_be = |path: &Path| {
        let folder = std::fs::canonicalize(folder_of(path)?).ok()?;
        Some(folder.join(path.file_name()?))
    };
    let same = |one: Option<_>, other| one.is_some() && one == other;
    one == other || same(there(one), there(other)) || {
        let one = to_be(one);
        one.is_some() && one == to_be(other)
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Words for a file that cannot be opened.
pub fn not_opened(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    let is = |errno: rustix::io::Errno| error.raw_os_error() == Some(errno.raw_os_error());
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no folder for {path}: make it, or name another file")
        }
        io::ErrorKind::IsADirectory => format!("{path} is a folder: name a file in it"),
        io::ErrorKind::PermissionDenied => {
            format!(
                "{path} may not be written by this user: chown or chmod it, or name another file"
            )
        }
        _ if is(rustix::io::Errno::NXIO) => {
            format!("{path} is a pipe that nobody reads: start its reader first")
        }
        _ if is(rustix::io::Errno::LOOP) => {
            format!("{path} is a link, and links are not followed here: name the file itself")
        }
        _ => format!("{path} cannot be opened: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn rotating(path: &Path, rotation: Rotation) -> LogFile {
        let log = LogFile::open(path).expect("a file");
        log.rotating(Some(rotation)).expect("it is a file")
    }

    #[test]
    fn a_file_that_is_full_is_put_aside_with_no_line_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let rotation = Rotation {
            when: Rotate::Size(100),
            keep: 90,
            days: None,
            compress: false,
        };
        let mut log = rotating(&path, rotation);
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
        let mut log = rotating(&path, rotation);
        log.write_line(&[b'x'; 40]).expect("there is room");
        assert_eq!(std::fs::read(&path).expect("a file").len(), 40);
    }

    #[test]
    fn one_file_has_many_paths() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, others) = (folder.path().join("a"), folder.path().join("others"));
        std::fs::create_dir(&others).expect("a folder");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).expect("a link");
        let same = [others.join("../a"), link.join("a")];
        let check = || {
            assert!(same.iter().all(|same| is_same_file(&path, same)));
            assert!(!is_same_file(&path, &others.join("a")));
            assert!(!is_same_file(&path, &folder.path().join("b")));
        };
        // Before it is there, and after.
        check();
        std::fs::write(&path, "").expect("a file");
        check();
        let hard = folder.path().join("hard");
        std::fs::hard_link(&path, &hard).expect("a link");
        assert!(is_same_file(&path, &hard));
    }

    #[test]
    fn what_is_no_file_is_written_and_never_rotates() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).expect("a link");
        let rotation = Some(Rotation {
            when: Rotate::Size(1 << 10),
            keep: 1,
            days: None,
            compress: false,
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
            when: Rotate::Daily,
            keep: 1,
            days: None,
            compress: false,
        };
        let mut log = rotating(&path, rotation);
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
}
