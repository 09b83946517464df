//! The file that keeps the day's spending over a restart. Blocks: called where that may be.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// The largest file that is read: a few numbers.
const LARGEST: u64 = 4096;

/// The file, which belongs to one server at a time.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// Held as long as this lives; the lock goes with it.
    _lock: File,
    /// Writers take turns, each with what is true when its turn comes.
    turn: Mutex<()>,
}

/// What is in it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// The form of the file.
    format: u32,
    /// Days since 1970.
    pub(crate) day: u64,
    /// What was spent or set aside.
    spent_picodollars: u64,
}

impl Kept {
    pub(crate) const fn new(day: u64, spent: Money) -> Self {
        Self {
            format: 1,
            day,
            spent_picodollars: spent.0,
        }
    }

    pub(crate) const fn spent(self) -> Money {
        Money(self.spent_picodollars)
    }
}

/// Why the file cannot be used: for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(
        "`state` cannot be used: {0} (does its directory exist, and may the server write there?)"
    )]
    Io(#[from] io::Error),
    #[error("`state` is in use by another server or another tenant: give each a file of its own")]
    Taken,
    #[error(
        "`state` names a file that was not written by this plugin, or is damaged: remove it, or name another"
    )]
    NotOurs,
}

impl Store {
    /// Opens the file, or begins one, and returns what it holds.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Kept>), StoreError> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(beside(path, ".lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Taken,
            TryLockError::Error(error) => error.into(),
        })?;
        let kept = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() && metadata.len() <= LARGEST => {
                let kept: Kept =
                    serde_json::from_slice(&fs::read(path)?).map_err(|_| StoreError::NotOurs)?;
                (kept.format == 1)
                    .then_some(kept)
                    .ok_or(StoreError::NotOurs)?
                    .into()
            }
            Ok(_) => return Err(StoreError::NotOurs),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let store = Self {
            path: path.to_owned(),
            _lock: lock,
            turn: Mutex::default(),
        };
        // A directory that cannot be written to is told now, not after the first answer.
        store.write(|| kept.unwrap_or(Kept::new(0, Money::default())))?;
        Ok((store, kept))
    }

    /// Writes what `now` returns when it is this writer's turn; the file is there in full or as it was.
    pub(crate) fn write(&self, now: impl FnOnce() -> Kept) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = beside(&self.path, ".new");
        let mut file = File::create(&fresh)?;
        serde_json::to_writer(&mut file, &now())?;
        file.write_all(b"\n")?;
        fs::rename(fresh, &self.path)
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spent");
        let (store, kept) = Store::open(&path).expect("opened");
        assert_eq!(kept, None);
        store
            .write(|| Kept::new(20_000, Money(7)))
            .expect("written");
        assert!(matches!(Store::open(&path), Err(StoreError::Taken)));
        drop(store);
        let (_store, kept) = Store::open(&path).expect("opened");
        assert_eq!(kept, Some(Kept::new(20_000, Money(7))));
    }

    #[test]
    fn another_file_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("diary");
        for text in [
            "dear diary",
            "{}",
            r#"{"format":2,"day":1,"spent_picodollars":0}"#,
            &" ".repeat(5_000),
        ] {
            fs::write(&path, text).expect("a file");
            assert!(
                matches!(Store::open(&path), Err(StoreError::NotOurs)),
                "{text}"
            );
            assert_eq!(fs::read_to_string(&path).expect("still there"), text);
        }
        assert!(matches!(
            Store::open(folder.path()),
            Err(StoreError::NotOurs)
        ));
        let nowhere = folder.path().join("no/such/place");
        assert!(matches!(Store::open(&nowhere), Err(StoreError::Io(_))));
    }
}
