//! Walking commits, newest first, as `git log` does.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use gix_hash::ObjectId;

use crate::error::GitError;
use crate::objects::Commit;
use crate::session::Session;

/// Commits whose turn has not come: by the committer's date, and among equals by when they were found.
pub(crate) struct History {
    queue: BinaryHeap<(i64, Reverse<u64>, ObjectId)>,
    seen: HashSet<ObjectId>,
    found: u64,
}

impl History {
    pub(crate) fn from(
        session: &Session<'_>,
        tips: impl IntoIterator<Item = ObjectId>,
    ) -> Result<Self, GitError> {
        let mut history = Self {
            queue: BinaryHeap::new(),
            seen: HashSet::new(),
            found: 0,
        };
        for tip in tips {
            history.add(session, tip)?;
        }
        Ok(history)
    }

    /// Adds a commit unless it was there before.
    pub(crate) fn add(&mut self, session: &Session<'_>, id: ObjectId) -> Result<(), GitError> {
        if self.seen.insert(id) {
            session
                .budget
                .take("commits", "ask for fewer, or a narrower range")?;
            let date = session.commit(&id)?.committer.time.seconds;
            self.found += 1;
            self.queue.push((date, Reverse(self.found), id));
        }
        Ok(())
    }

    /// The next commit. Its parents are not added: what is followed is the caller's decision.
    pub(crate) fn next(&mut self, session: &Session<'_>) -> Result<Option<Commit>, GitError> {
        match self.queue.pop() {
            Some((_, _, id)) => Ok(Some(session.commit(&id)?)),
            None => Ok(None),
        }
    }
}

impl Session<'_> {
    /// Where two histories parted: their newest common commit, as far as dates tell.
    pub(crate) fn merge_base(
        &self,
        one: ObjectId,
        other: ObjectId,
    ) -> Result<Option<ObjectId>, GitError> {
        let mut ours = HashSet::new();
        let mut walk = History::from(self, [one])?;
        while let Some(commit) = walk.next(self)? {
            ours.insert(commit.id);
            for parent in commit.parents {
                walk.add(self, parent)?;
            }
        }
        let mut walk = History::from(self, [other])?;
        while let Some(commit) = walk.next(self)? {
            if ours.contains(&commit.id) {
                return Ok(Some(commit.id));
            }
            for parent in commit.parents {
                walk.add(self, parent)?;
            }
        }
        Ok(None)
    }
}
