//! Files that moved: a file that is gone and a new one with the same or much the same content.

use std::collections::HashMap;

use crate::change::{Change, Source};
use crate::content::Content;
use crate::error::GitError;
use crate::session::Session;
use crate::text::is_binary;

/// The least similarity, in percent, and the most pairs that are compared by content.
const LEAST: u32 = 50;
const MOST_PAIRS: usize = 10_000;
/// The largest file that is compared by content.
const LARGEST: usize = 1 << 20;

impl Session<'_> {
    /// Joins deletions and additions that are one file's move.
    pub(crate) fn find_renames(&self, changes: Vec<Change>) -> Result<Vec<Change>, GitError> {
        let is_file = |mode: u32| mode & 0o170_000 == 0o100_000 || mode & 0o170_000 == 0o120_000;
        let mut gone: Vec<usize> = Vec::new();
        let mut came: Vec<usize> = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            match (change.old, change.new) {
                (Some(old), None) if is_file(old.mode) => gone.push(at),
                (None, Some(new)) if is_file(new.mode) => came.push(at),
                _ => {}
            }
        }
        if gone.is_empty() || came.is_empty() {
            return Ok(changes);
        }
        // Where each new file came from, and how similar it is.
        let mut origin: HashMap<usize, (usize, u32)> = HashMap::new();
        exact(&changes, &mut gone, &mut came, &mut origin);
        if gone.len().saturating_mul(came.len()) <= MOST_PAIRS {
            self.similar(&changes, &gone, &came, &mut origin)?;
        }
        let left: Vec<usize> = origin.values().map(|(gone, _)| *gone).collect();
        let mut joined = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if left.contains(&at) {
                continue;
            }
            let mut change = change.clone();
            if let Some((gone, similarity)) = origin.get(&at) {
                let old = &changes[*gone];
                change.old = old.old;
                change.from = Some((old.path.clone(), *similarity));
            }
            joined.push(change);
        }
        Ok(joined)
    }

    /// Much the same content, the best pairs first.
    fn similar(
        &self,
        changes: &[Change],
        gone: &[usize],
        came: &[usize],
        origin: &mut HashMap<usize, (usize, u32)>,
    ) -> Result<(), GitError> {
        let load = |at: usize, old: bool| -> Result<Option<Chunks>, GitError> {
            let change = &changes[at];
            let side = if old { change.old } else { change.new };
            let Some(side) = side else { return Ok(None) };
            if side.mode & 0o170_000 != 0o100_000 {
                return Ok(None);
            }
            Ok(match self.content(&change.path, side)? {
                Content::Bytes(bytes) if !bytes.is_empty() && bytes.len() <= LARGEST => {
                    Some(Chunks::of(&bytes))
                }
                _ => None,
            })
        };
        let mut olds = Vec::new();
        for at in gone {
            olds.push((*at, load(*at, true)?));
        }
        let mut scores = Vec::new();
        for &new in came {
            let Some(chunks) = load(new, false)? else {
                continue;
            };
            for (old, before) in &olds {
                self.budget.check()?;
                let score = before
                    .as_ref()
                    .map_or(0, |before| before.similarity(&chunks));
                if score >= LEAST {
                    scores.push((score, *old, new));
                }
            }
        }
        scores.sort_by_key(|(score, old, new)| (std::cmp::Reverse(*score), *new, *old));
        let mut used = Vec::new();
        for (score, old, new) in scores {
            if !used.contains(&old) && !origin.contains_key(&new) {
                used.push(old);
                origin.insert(new, (old, score));
            }
        }
        Ok(())
    }
}

/// The same content. Among several, one of the same name.
fn exact(
    changes: &[Change],
    gone: &mut Vec<usize>,
    came: &mut Vec<usize>,
    origin: &mut HashMap<usize, (usize, u32)>,
) {
    let name = |at: usize| {
        changes[at]
            .path
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default()
    };
    came.retain(|&new| {
        let Some(Source::Object(id)) = changes[new].new.map(|side| side.source) else {
            return true;
        };
        if id.is_empty_blob() {
            return true;
        }
        let same = |old: &&usize| {
            changes[**old].old.is_some_and(|side| {
                side.source == Source::Object(id)
                    && changes[new]
                        .new
                        .is_some_and(|new| new.mode & 0o170_000 == side.mode & 0o170_000)
            })
        };
        let found = gone
            .iter()
            .filter(same)
            .max_by_key(|old| (name(**old) == name(new), std::cmp::Reverse(**old)))
            .copied();
        if let Some(old) = found {
            gone.retain(|at| *at != old);
            origin.insert(new, (old, 100));
        }
        found.is_none()
    });
}

/// A file as the sizes of its lines by their content; lines above 64 bytes count in parts.
pub(crate) struct Chunks {
    sizes: HashMap<Vec<u8>, usize>,
    bytes: usize,
}

impl Chunks {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut sizes = HashMap::new();
        let is_text = !is_binary(bytes);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            // The ending of a line is no difference, as git sees it here.
            let line = match line.strip_suffix(b"\r\n") {
                Some(line) if is_text => &[line, b"\n"].concat(),
                _ => line,
            };
            for chunk in line.chunks(64) {
                *sizes.entry(chunk.to_vec()).or_default() += chunk.len();
            }
        }
        Self {
            sizes,
            bytes: bytes.len(),
        }
    }

    /// How much of the larger file stands in both, in percent.
    pub(crate) fn similarity(&self, other: &Self) -> u32 {
        let common: usize = self
            .sizes
            .iter()
            .map(|(chunk, size)| (*size).min(other.sizes.get(chunk).copied().unwrap_or(0)))
            .sum();
        let larger = self.bytes.max(other.bytes).max(1);
        u32::try_from(common * 100 / larger).unwrap_or(100)
    }
}
