//! One changed file as `git diff` prints it.

use gix_hash::ObjectId;
use gix_object::Kind;

use crate::change::{Change, Side, Source};
use crate::content::Content;
use crate::error::GitError;
use crate::header::header;
use crate::hunks::Hunks;
use crate::session::Session;
use crate::text::{is_binary, quoted};

/// The largest text whose lines are compared.
const LARGEST: usize = 4 << 20;

/// A printed change.
pub(crate) struct Patch {
    pub(crate) text: Vec<u8>,
    pub(crate) additions: u32,
    pub(crate) deletions: u32,
    pub(crate) binary: bool,
    pub(crate) too_large: bool,
}

impl Session<'_> {
    /// `None` when nothing differs after all.
    pub(crate) fn patch(&self, change: &Change, context: u32) -> Result<Option<Patch>, GitError> {
        self.budget.check()?;
        if change.unmerged {
            let text = format!("* Unmerged path {}\n", quoted("", &change.path)).into_bytes();
            return Ok(Some(Patch {
                text,
                additions: 0,
                deletions: 0,
                binary: false,
                too_large: false,
            }));
        }
        // A file that became a link, or the other way, is two changes.
        if let (Some(old), Some(new)) = (change.old, change.new)
            && old.mode & 0o170_000 != new.mode & 0o170_000
        {
            let gone = self.one(&Change::new(change.path.clone(), Some(old), None), context)?;
            let came = self.one(&Change::new(change.path.clone(), None, Some(new)), context)?;
            return Ok(match (gone, came) {
                (Some(mut gone), Some(came)) => {
                    gone.text.extend(came.text);
                    gone.additions += came.additions;
                    gone.deletions += came.deletions;
                    gone.binary |= came.binary;
                    gone.too_large |= came.too_large;
                    Some(gone)
                }
                (gone, came) => gone.or(came),
            });
        }
        self.one(change, context)
    }

    fn one(&self, change: &Change, context: u32) -> Result<Option<Patch>, GitError> {
        let old_path = change.from.as_ref().map_or(&change.path, |(path, _)| path);
        let load = |path: &[u8], side: Option<Side>| match side {
            Some(side) => self.content(path, side).map(Some),
            None => Ok(None),
        };
        let old = load(old_path, change.old)?;
        let new = load(&change.path, change.new)?;
        let ids = [(&change.old, &old), (&change.new, &new)]
            .map(|(side, content)| id_of(side.as_ref(), content.as_ref()));
        let same_mode = change.old.map(|side| side.mode) == change.new.map(|side| side.mode);
        if ids[0] == ids[1] && same_mode && change.from.is_none() {
            return Ok(None);
        }
        let mut patch = Patch {
            text: header(change, old_path, ids).into_bytes(),
            additions: 0,
            deletions: 0,
            binary: false,
            too_large: false,
        };
        if ids[0] == ids[1] && ids[0].is_some() {
            return Ok(Some(patch));
        }
        let bytes = |content: &Option<Content>| match content {
            Some(Content::Bytes(bytes)) => Some(bytes.clone()),
            Some(Content::TooLarge) => None,
            Some(Content::Gone) | None => Some(Vec::new()),
        };
        let names = (
            change
                .old
                .map_or("/dev/null".to_owned(), |_| quoted("a/", old_path)),
            change
                .new
                .map_or("/dev/null".to_owned(), |_| quoted("b/", &change.path)),
        );
        let (Some(old), Some(new)) = (bytes(&old), bytes(&new)) else {
            patch.too_large = true;
            patch.text.extend(
                format!(
                    "Files {} and {} differ, and are too large to compare\n",
                    names.0, names.1
                )
                .into_bytes(),
            );
            return Ok(Some(patch));
        };
        if is_binary(&old) || is_binary(&new) {
            patch.binary = true;
            patch
                .text
                .extend(format!("Binary files {} and {} differ\n", names.0, names.1).into_bytes());
            return Ok(Some(patch));
        }
        if old.len().max(new.len()) > LARGEST {
            patch.too_large = true;
            patch.text.extend(
                format!(
                    "Files {} and {} differ, and are too large to compare\n",
                    names.0, names.1
                )
                .into_bytes(),
            );
            return Ok(Some(patch));
        }
        let hunks = Hunks::new(&old, &new);
        patch.additions = hunks.additions;
        patch.deletions = hunks.deletions;
        if hunks.additions + hunks.deletions > 0 {
            // A name with a blank ends in a tab, so that tools find its end.
            let line = |name: &str| {
                if name.contains(' ') && !name.starts_with('"') {
                    format!("{name}\t")
                } else {
                    name.to_owned()
                }
            };
            patch
                .text
                .extend(format!("--- {}\n+++ {}\n", line(&names.0), line(&names.1)).into_bytes());
            hunks.print(context, &mut patch.text);
        }
        Ok(Some(patch))
    }
}

/// The id of a side's content; of the working tree's it is computed.
fn id_of(side: Option<&Side>, content: Option<&Content>) -> Option<ObjectId> {
    match (side?.source, content?) {
        (Source::Object(id), _) => Some(id),
        (Source::Work, Content::Bytes(bytes)) => {
            gix_object::compute_hash(gix_hash::Kind::Sha1, Kind::Blob, bytes).ok()
        }
        (Source::Work, _) => None,
    }
}
