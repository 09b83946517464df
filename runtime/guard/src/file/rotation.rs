//! When a file is put aside for a new one, and which of those that were are kept.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use serde::{Deserialize, Deserializer};

use crate::Timestamp;

/// Seconds.
pub(super) const DAY: u64 = 86_400;

/// When a file is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    /// With the first line of a day, UTC.
    Daily,
    /// Before it has more bytes than this.
    Size(u64),
}

/// A text that is no time for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not say when: write \"daily\", or a size from \"1KiB\" to \"1024GiB\"")]
pub struct NotARotation(String);

impl FromStr for Rotate {
    type Err = NotARotation;

    fn from_str(text: &str) -> Result<Self, NotARotation> {
        if text == "daily" {
            return Ok(Self::Daily);
        }
        size(text)
            .map(Self::Size)
            .ok_or_else(|| NotARotation(text.chars().take(64).collect()))
    }
}

/// Bytes, as in `64KiB`, `1MiB` or `1024GiB`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    units.iter().find_map(|(unit, bits)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        (1..=1_024).contains(&number).then_some(number << bits)
    })
}

impl<'de> Deserialize<'de> for Rotate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What is written is no file that could be put aside: a device, a pipe, or a link to a file somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is a device, a pipe or a link, and only a file is put aside: name a file, or leave `rotate` out", .0.display())]
pub struct NotAFile(pub(super) PathBuf);

/// Whether what is at the path, or will be, can be put aside; asks nothing but its name.
///
/// # Errors
/// When there is something, and no file.
pub fn can_be_put_aside(path: &Path) -> Result<(), NotAFile> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(NotAFile(path.to_owned())),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether the path itself is that of a file.
pub(super) fn names_a_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// When, and which of those put aside are kept: the youngest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// When a file is put aside.
    pub when: Rotate,
    /// How many are kept.
    pub keep: usize,
    /// For how many days one is kept; for as long as it is among the youngest when not told.
    pub days: Option<u64>,
    /// Whether those are packed with gzip.
    pub compress: bool,
}

/// What is known of a file that may be put aside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age {
    /// The day of its first line, as far as that is known, since 1970.
    day: u64,
    bytes: u64,
}

impl Age {
    /// Of a file with these bytes, written last at this time since 1970.
    pub(super) fn new(bytes: u64, written: Duration) -> Self {
        let day = written.as_secs() / DAY;
        Self { day, bytes }
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

impl Rotation {
    /// Whether the file is put aside before a line of so many bytes. An empty one never is.
    pub(super) fn is_due(self, age: Age, line: usize, now: Duration) -> bool {
        age.bytes > 0
            && match self.when {
                Rotate::Daily => now.as_secs() / DAY != age.day,
                Rotate::Size(most) => age.bytes + line as u64 > most,
            }
    }

    /// Removes those put aside that are too old or too many.
    pub(super) fn prune(self, path: &Path, now: Duration) -> io::Result<()> {
        let aside = aside(path)?;
        let too_many = aside.len().saturating_sub(self.keep);
        let days = self.days.map(|days| Duration::from_secs(days * DAY));
        let oldest = days.and_then(|days| now.checked_sub(days)).map(time);
        let mut outcome = Ok(());
        for (at, (aside_at, forms)) in aside.into_iter().enumerate() {
            if at < too_many || oldest.as_ref().is_some_and(|oldest| aside_at < *oldest) {
                // One that cannot be removed keeps no other.
                for removed in forms.iter().map(fs::remove_file) {
                    outcome = outcome.and(removed);
                }
            }
        }
        outcome
    }
}

/// Gives the file at `path` a name with the time, which no other file has or gets: other processes may do the same at
/// this moment.
///
/// Nothing but a file is renamed: what it was at the start, somebody may have made another thing of.
pub(super) fn put_aside(path: &Path, now: Duration) -> io::Result<()> {
    if !names_a_file(path) {
        return Err(io::Error::other(NotAFile(path.to_owned())));
    }
    let name = |at: Duration, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(time(at));
        name.push(ending);
        PathBuf::from(name)
    };
    let mut at = now;
    loop {
        if !fs::exists(name(at, PACKED))? {
            match rename_to_new(path, &name(at, "")) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                renamed => return renamed,
            }
        }
        // Several in one millisecond: the next one that is free, so that their order stays.
        at += Duration::from_millis(1);
    }
}

/// Renames, and never writes over what is there.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system knows how.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}

/// What the name of a file that is packed ends in.
pub(super) const PACKED: &str = ".gz";
/// The same while it is being packed.
pub(super) const PACKING: &str = ".gz.part";

/// What the name of a file that was put aside at this time has behind its own, without colons, which some programs
/// take for the name of a machine.
pub(super) fn time(at: Duration) -> String {
    format!(".{}", Timestamp(at).to_string().replace(':', ""))
}

/// The files that `path` was put aside as, by their time and so the oldest first: as they were, packed, or both, and
/// what is left of packing them. Nothing else is found, and so nothing else removed.
pub(super) fn aside(path: &Path) -> io::Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut found = BTreeMap::<String, Vec<PathBuf>>::new();
    let (Some(folder), Some(name)) = (folder_of(path), path.file_name()) else {
        return Ok(found);
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let entry = entry.file_name();
        let ending = entry
            .as_encoded_bytes()
            .strip_prefix(name.as_encoded_bytes())
            .and_then(|ending| str::from_utf8(ending).ok());
        let Some(ending) = ending else { continue };
        let time = [PACKING, PACKED]
            .iter()
            .find_map(|form| ending.strip_suffix(form))
            .unwrap_or(ending);
        if is_time(time.as_bytes()) {
            let forms = found.entry(time.to_owned()).or_default();
            forms.push(folder.join(&entry));
        }
    }
    Ok(found)
}

/// The folder that a path is in; that of the process for a name alone.
pub(super) fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().map(|folder| {
        if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }
    })
}

/// Whether this is how the name of a file that was put aside ends.
fn is_time(ending: &[u8]) -> bool {
    let form = b".0000-00-00T000000.000Z";
    ending.len() == form.len()
        && ending.iter().zip(form).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Rotation = Rotation {
        when: Rotate::Daily,
        keep: 1,
        days: None,
        compress: false,
    };

    #[test]
    fn a_text_says_when() {
        assert_eq!("daily".parse(), Ok(Rotate::Daily));
        assert_eq!("64MiB".parse(), Ok(Rotate::Size(64 << 20)));
        assert_eq!("1024GiB".parse(), Ok(Rotate::Size(1 << 40)));
        for wrong in [
            "", "weekly", "0MiB", "-1MiB", "64", "64MB", "2000GiB", "MiB",
        ] {
            let error = wrong.parse::<Rotate>().expect_err(wrong).to_string();
            assert!(error.contains("daily"), "{error}");
        }
    }

    #[test]
    fn only_a_file_is_renamed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        fs::write(&path, "1").expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        for path in [&link, folder.path()] as [&Path; 2] {
            let error = put_aside(path, Duration::ZERO)
                .expect_err("it is none")
                .to_string();
            assert!(error.contains("only a file is put aside"), "{error}");
            assert!(fs::symlink_metadata(path).is_ok(), "it is where it was");
        }
    }

    #[test]
    fn a_file_is_due_with_its_day_or_its_size() {
        let hours = Duration::from_hours;
        let daily = Rotation {
            when: Rotate::Daily,
            ..EACH
        };
        assert!(!daily.is_due(Age::new(1, hours(1)), 9, hours(23)));
        assert!(daily.is_due(Age::new(1, hours(23)), 9, hours(25)));
        assert!(!daily.is_due(Age::new(0, hours(23)), 9, hours(25)));
        let small = Rotation {
            when: Rotate::Size(10),
            ..EACH
        };
        assert!(!small.is_due(Age::new(4, hours(1)), 6, hours(99)));
        assert!(small.is_due(Age::new(5, hours(1)), 6, hours(1)));
        // A line that is larger than a file is a file of its own.
        assert!(!small.is_due(Age::new(0, hours(1)), 60, hours(1)));
    }

    #[test]
    fn the_youngest_are_kept_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let others = [
            "a.jsonl.old",
            "a.jsonl.2026-11-21",
            "b.jsonl.1970-01-01T000001.000Z",
        ];
        for other in others {
            fs::write(folder.path().join(other), "").expect("a file");
        }
        let rotation = Rotation { keep: 2, ..EACH };
        for second in 1..=5 {
            fs::write(&path, second.to_string()).expect("a file");
            let now = Duration::from_secs(second);
            put_aside(&path, now).expect("it is renamed");
            assert!(!path.exists());
            rotation.prune(&path, now).expect("they are removed");
        }
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort_unstable();
        let kept = [
            "a.jsonl.1970-01-01T000004.000Z",
            "a.jsonl.1970-01-01T000005.000Z",
        ];
        assert_eq!(
            names,
            [
                &["a.jsonl.1970-01-01T000004.000Z"][..],
                &kept[1..],
                &["a.jsonl.2026-11-21", "a.jsonl.old"],
                &others[2..]
            ]
            .concat()
        );
        let text = fs::read_to_string(folder.path().join(kept[1])).expect("a file");
        assert_eq!(text, "5");
        // One that is there is not written over.
        fs::write(&path, "6").expect("a file");
        put_aside(&path, Duration::from_secs(5)).expect("it is renamed");
        let next = folder.path().join("a.jsonl.1970-01-01T000005.001Z");
        assert_eq!(fs::read_to_string(next).expect("a file"), "6");
    }

    /// As at midnight: everybody sees that the day is over in the same millisecond.
    #[test]
    fn many_that_put_one_file_aside_lose_none_of_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let (now, all) = (Duration::from_secs(1), 4 * 200);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (path, folder) = (&path, folder.path());
                scope.spawn(move || {
                    for number in 0..all / 4 {
                        let new = folder.join(format!("new-{thread}"));
                        fs::write(&new, format!("{thread}-{number}")).expect("a file");
                        // There at once and whole, as with a file that is written at its end; not over another's.
                        while rename_to_new(&new, path).is_err() {
                            put_aside(path, now).ok();
                        }
                    }
                });
            }
        });
        put_aside(&path, now).expect("the last one");
        let mut texts: Vec<String> = aside(&path)
            .expect("a folder")
            .into_values()
            .flatten()
            .map(|file| fs::read_to_string(file).expect("a file"))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all);
    }

    #[test]
    fn what_cannot_be_removed_keeps_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let name = |second: u64| {
            let name = format!("a.jsonl{}", time(Duration::from_secs(second)));
            folder.path().join(name)
        };
        fs::create_dir(name(1)).expect("a folder");
        for second in 2..=4 {
            fs::write(name(second), "").expect("a file");
        }
        let now = Duration::from_secs(5);
        EACH.prune(&path, now).expect("they are removed");
        assert!(name(1).exists(), "it is no file");
        assert!(!name(2).exists() && !name(3).exists() && name(4).exists());
    }

    #[test]
    fn what_has_had_its_days_goes_packed_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let rotation = Rotation {
            keep: 100,
            days: Some(3),
            ..EACH
        };
        let day = |day: u64| Duration::from_secs(day * DAY);
        for number in 1..=9 {
            let name = format!(
                "a.jsonl{}{}",
                time(day(number)),
                ["", PACKED][usize::from(number % 2 == 0)]
            );
            fs::write(folder.path().join(name), "").expect("a file");
        }
        // What is left of packing goes with what was packed, and is none of those that are counted.
        for number in [1, 9] {
            let name = format!("a.jsonl{}{PACKING}", time(day(number)));
            fs::write(folder.path().join(name), "").expect("a file");
        }
        rotation.prune(&path, day(10)).expect("they are removed");
        let kept: Vec<String> = aside(&path).expect("a folder").into_keys().collect();
        assert_eq!(kept, [7, 8, 9].map(|number| time(day(number))));
        let fewer = Rotation {
            keep: 2,
            ..rotation
        };
        fewer.prune(&path, day(10)).expect("they are removed");
        let kept = aside(&path).expect("a folder");
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[&time(day(9))].len(), 2);
    }
}
