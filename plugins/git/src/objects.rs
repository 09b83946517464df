//! Objects out of the database: sized before they are decoded, and of the kind that was asked for.

use gix_hash::{ObjectId, oid};
use gix_object::{CommitRef, Find as _, Kind, TagRef, TreeRefIter};
use gix_odb::Header as _;

use crate::error::GitError;
use crate::session::Session;

/// The longest chain of deltas that is followed. Git makes none longer than 4095 and 50 by default.
const LONGEST_CHAIN: u32 = 4096;
/// The most bytes that are copied to build one object out of its chain.
const MOST_COPIED: u64 = 8 << 30;

/// A commit, decoded.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) id: ObjectId,
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) message: Vec<u8>,
}

/// Who did something, and when.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: Vec<u8>,
    pub(crate) email: Vec<u8>,
    pub(crate) time: gix_date::Time,
}

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    pub(crate) mode: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) id: ObjectId,
}

impl TreeEntry {
    pub(crate) fn is_tree(&self) -> bool {
        is_tree(self.mode)
    }
}

pub(crate) fn is_tree(mode: u32) -> bool {
    mode & 0o170_000 == 0o040_000
}

pub(crate) fn is_submodule(mode: u32) -> bool {
    mode & 0o170_000 == 0o160_000
}

pub(crate) fn is_symlink(mode: u32) -> bool {
    mode & 0o170_000 == 0o120_000
}

/// A file's content.
pub(crate) enum Blob {
    Bytes(Vec<u8>),
    /// Larger than the limit.
    TooLarge(u64),
}

impl Session<'_> {
    /// The kind and size of an object.
    pub(crate) fn header(&self, id: &oid) -> Result<(Kind, u64), GitError> {
        self.budget.check()?;
        let header = self
            .odb
            .try_header(id)
            .map_err(|error| GitError::damaged_by(format!("object {id}"), error))?
            .ok_or_else(|| GitError::MissingObject { id: id.to_string() })?;
        let deltas = header.num_deltas().unwrap_or(0);
        let copied =
            u64::from(deltas).saturating_mul(self.limits.object_bytes.min(header.size().max(1)));
        if deltas > LONGEST_CHAIN || copied > MOST_COPIED {
            return Err(GitError::damaged(format!(
                "object {id} is built of too many parts"
            )));
        }
        Ok((header.kind(), header.size()))
    }

    /// An object's data, or its size when that is over the limit.
    fn data(&self, id: &oid, wanted: Kind) -> Result<Blob, GitError> {
        let (kind, size) = self.header(id)?;
        if kind != wanted {
            return Err(GitError::damaged(format!(
                "object {id} is a {kind}, not a {wanted}"
            )));
        }
        if size > self.limits.object_bytes {
            return Ok(Blob::TooLarge(size));
        }
        let mut bytes = Vec::new();
        let found = self
            .odb
            .try_find(id, &mut bytes)
            .map_err(|error| GitError::damaged_by(format!("object {id}"), error))?
            .map(|found| found.kind);
        match found {
            Some(kind) if kind == wanted => Ok(Blob::Bytes(bytes)),
            _ => Err(GitError::damaged(format!("object {id}"))),
        }
    }

    fn small(&self, id: &oid, wanted: Kind) -> Result<Vec<u8>, GitError> {
        match self.data(id, wanted)? {
            Blob::Bytes(bytes) => Ok(bytes),
            Blob::TooLarge(size) => Err(GitError::TooLarge {
                path: format!("the {wanted} {id}").into(),
                size,
                limit: self.limits.object_bytes,
            }),
        }
    }

    pub(crate) fn blob(&self, id: &oid) -> Result<Blob, GitError> {
        self.data(id, Kind::Blob)
    }

    pub(crate) fn tree(&self, id: &oid) -> Result<Vec<TreeEntry>, GitError> {
        if id.is_empty_tree() {
            return Ok(Vec::new());
        }
        let bytes = self.small(id, Kind::Tree)?;
        TreeRefIter::from_bytes(&bytes, gix_hash::Kind::Sha1)
            .map(|entry| {
                let entry =
                    entry.map_err(|error| GitError::damaged_by(format!("tree {id}"), error))?;
                Ok(TreeEntry {
                    mode: u32::from(entry.mode.value()),
                    name: entry.filename.to_vec(),
                    id: entry.oid.to_owned(),
                })
            })
            .collect()
    }

    pub(crate) fn commit(&self, id: &oid) -> Result<Commit, GitError> {
        let bytes = self.small(id, Kind::Commit)?;
        let commit = CommitRef::from_bytes(&bytes, gix_hash::Kind::Sha1)
            .map_err(|error| GitError::damaged_by(format!("commit {id}"), error))?;
        let parents = if self.shallow.contains(id) {
            Vec::new()
        } else {
            commit.parents().collect()
        };
        Ok(Commit {
            id: id.to_owned(),
            tree: commit.tree(),
            parents,
            author: person(commit.author),
            committer: person(commit.committer),
            message: commit.message.to_vec(),
        })
    }

    /// What a tag names.
    pub(crate) fn tag_target(&self, id: &oid) -> Result<ObjectId, GitError> {
        let bytes = self.small(id, Kind::Tag)?;
        TagRef::from_bytes(&bytes, gix_hash::Kind::Sha1)
            .map(|tag| tag.target())
            .map_err(|error| GitError::damaged_by(format!("tag {id}"), error))
    }
}

/// `Name <email> seconds zone`, read leniently: what cannot be read is empty, or the epoch.
fn person(line: &[u8]) -> Person {
    let open = line
        .iter()
        .position(|byte| *byte == b'<')
        .unwrap_or(line.len());
    let close = line
        .iter()
        .rposition(|byte| *byte == b'>')
        .unwrap_or(line.len());
    let name = line[..open].trim_ascii().to_vec();
    let email = line
        .get(open + 1..close)
        .unwrap_or_default()
        .trim_ascii()
        .to_vec();
    let time = line.get(close + 1..).unwrap_or_default().trim_ascii();
    let time = std::str::from_utf8(time)
        .ok()
        .and_then(gix_date::parse_header)
        .unwrap_or_default();
    Person { name, email, time }
}
