//! One call's view of one repository: opened when the call starts, gone when it ends.

use std::cell::OnceCell;
use std::collections::HashSet;

use cap_std::fs::Dir;
use gix_hash::ObjectId;
use gix_odb::store::init::{Options, Slots};

use crate::budget::Budget;
use crate::error::GitError;
use crate::handle::{Read, read_file};
use crate::index::Index;
use crate::place::Place;
use crate::refs::Packed;
use crate::settings::Settings;
use crate::vet::vet;

/// Sizes that hold for a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) object_bytes: u64,
    pub(crate) entries: usize,
}

pub(crate) struct Session<'a> {
    pub(crate) place: Place,
    pub(crate) settings: Settings,
    pub(crate) odb: gix_odb::Handle,
    pub(crate) budget: &'a Budget<'a>,
    pub(crate) limits: Limits,
    pub(crate) packed: OnceCell<Packed>,
    pub(crate) index: OnceCell<Index>,
    /// Commits whose parents were left out when this was cloned.
    pub(crate) shallow: HashSet<ObjectId>,
}

impl<'a> Session<'a> {
    /// Opens the repository at `path` once more, after looking at what it is made of.
    pub(crate) fn open(
        path: &std::path::Path,
        limits: Limits,
        budget: &'a Budget<'a>,
    ) -> Result<Self, GitError> {
        let place = Place::open(path)?;
        vet(&place.git, budget)?;
        let settings = Settings::read(&place.git)?;
        let options = Options {
            slots: Slots::AsNeededByDiskState {
                multiplier: 1.1,
                minimum: 32,
            },
            alloc_limit_bytes: usize::try_from(limits.object_bytes).ok(),
            current_dir: Some(path.to_path_buf()),
            ..Options::default()
        };
        // No replacements: an object is what its name says.
        let odb = gix_odb::at_opts(&place.objects, gix_hash::Kind::Sha1, None, options)
            .map_err(|error| GitError::damaged_by("its object database", error))?;
        let shallow = shallow(&place.git)?;
        Ok(Self {
            place,
            settings,
            odb,
            budget,
            limits,
            packed: OnceCell::new(),
            index: OnceCell::new(),
            shallow,
        })
    }

    pub(crate) fn clone_git(&self) -> Result<Dir, GitError> {
        self.place
            .git
            .try_clone()
            .map_err(|error| GitError::io("the git directory", error))
    }
}

fn shallow(git: &Dir) -> Result<HashSet<ObjectId>, GitError> {
    match read_file(git, b"shallow", 16 << 20) {
        Ok(Read::Bytes(bytes)) => Ok(bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| ObjectId::from_hex(line.trim_ascii()).ok())
            .collect()),
        Ok(Read::TooLarge) => Err(GitError::refused("shallow", "is larger than 16 MiB")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(HashSet::new()),
        Err(error) => Err(GitError::io("the file `shallow`", error)),
    }
}
