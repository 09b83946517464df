//! Revisions as git writes them: a name or an id, then any of `~N`, `^N`, `^{kind}`.
//!
//! A leading `-` is just a revision that does not exist: nothing here becomes an argument of anything.

use gix_hash::{ObjectId, Prefix};
use gix_object::Kind;

use crate::error::GitError;
use crate::objects::Commit;
use crate::refs::is_name;
use crate::session::Session;

/// The longest revision that is read.
const LONGEST: usize = 512;

/// Two revisions with `..` or `...` between them.
pub(crate) struct Range<'s> {
    pub(crate) from: &'s str,
    pub(crate) to: &'s str,
    /// `...`: from where they parted.
    pub(crate) since_parting: bool,
}

/// Reads `A..B` or `A...B`; a side left out is HEAD.
pub(crate) fn range(text: &str) -> Option<Range<'_>> {
    let at = text.find("..")?;
    let since_parting = text[at..].starts_with("...");
    let to = &text[at + if since_parting { 3 } else { 2 }..];
    Some(Range {
        from: or_head(&text[..at]),
        to: or_head(to),
        since_parting,
    })
}

/// A side of a range; HEAD when it is left out.
fn or_head(side: &str) -> &str {
    if side.is_empty() { "HEAD" } else { side }
}

impl Session<'_> {
    /// The object that a revision names.
    pub(crate) fn revision(&self, text: &str) -> Result<ObjectId, GitError> {
        let bad = || GitError::BadRevision { given: text.into() };
        let unsupported = |syntax, remedy| GitError::RevisionSyntax {
            given: text.into(),
            syntax,
            remedy,
        };
        if text.is_empty() || text.len() > LONGEST || text.starts_with('-') {
            return Err(bad());
        }
        if text.contains("..") {
            return Err(unsupported(
                "..",
                "name one revision; git_diff takes two, as A..B",
            ));
        }
        if text.contains("@{") {
            return Err(unsupported("@{", "name a branch, a tag or a commit id"));
        }
        if text.contains(':') {
            return Err(unsupported(
                ":",
                "pass the revision and the path apart, to git_read_file",
            ));
        }
        let base = text.find(['~', '^']).unwrap_or(text.len());
        let (name, mut steps) = text.split_at(base);
        let mut id = self.named(name, text)?;
        while !steps.is_empty() {
            let (next, rest) = self.step(id, steps, text)?;
            id = next;
            steps = rest;
        }
        Ok(id)
    }

    /// The commit that a revision names, through tags.
    pub(crate) fn commit_at(&self, text: &str) -> Result<Commit, GitError> {
        let id = self.revision(text)?;
        let id = self.peel(id, Kind::Commit, text)?;
        self.commit(&id)
    }

    fn named(&self, name: &str, text: &str) -> Result<ObjectId, GitError> {
        if name == "HEAD" || name == "@" {
            return self.head()?.commit.ok_or(GitError::Unborn);
        }
        if name.len() == 40
            && let Ok(id) = ObjectId::from_hex(name.as_bytes())
        {
            self.header(&id)?;
            return Ok(id);
        }
        for pattern in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
            let full = format!("{pattern}{name}");
            if is_name(full.as_bytes())
                && let Some(id) = self.resolve_ref(full.as_bytes())?
            {
                return Ok(id);
            }
        }
        let remote = format!("refs/remotes/{name}/HEAD");
        if let Some(id) = self.resolve_ref(remote.as_bytes())? {
            return Ok(id);
        }
        let is_short =
            (4..40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_short && let Ok(prefix) = Prefix::from_hex(name) {
            let found = self
                .odb
                .lookup_prefix(prefix, None)
                .map_err(|error| GitError::damaged_by("its object database", error))?;
            match found {
                Some(Ok(id)) => return Ok(id),
                Some(Err(())) => return Err(GitError::Ambiguous { given: name.into() }),
                None => {}
            }
        }
        Err(GitError::BadRevision { given: text.into() })
    }

    /// Goes one step of `~N`, `^N` or `^{kind}` and returns what is left.
    fn step<'s>(
        &self,
        id: ObjectId,
        steps: &'s str,
        text: &str,
    ) -> Result<(ObjectId, &'s str), GitError> {
        let bad = || GitError::BadRevision { given: text.into() };
        if let Some(rest) = steps.strip_prefix("^{") {
            let (kind, rest) = rest.split_once('}').ok_or_else(bad)?;
            let id = match kind {
                "" => self.peel_tags(id)?,
                "commit" => self.peel(id, Kind::Commit, text)?,
                "tree" => self.peel(id, Kind::Tree, text)?,
                "object" => id,
                _ => {
                    return Err(GitError::RevisionSyntax {
                        given: text.into(),
                        syntax: "^{",
                        remedy: "use ^{commit}, ^{tree} or ^{}",
                    });
                }
            };
            return Ok((id, rest));
        }
        let (mark, rest) = steps.split_at(1);
        let digits = rest.len()
            - rest
                .trim_start_matches(|digit: char| digit.is_ascii_digit())
                .len();
        let (number, rest) = rest.split_at(digits);
        let number: u64 = if number.is_empty() {
            1
        } else {
            number.parse().map_err(|_| bad())?
        };
        let mut commit = self.commit(&self.peel(id, Kind::Commit, text)?)?;
        let gone = || GitError::NoSuchAncestor { given: text.into() };
        match mark {
            "~" => {
                for _ in 0..number {
                    self.budget.take("commits", "use a smaller number")?;
                    let parent = commit.parents.first().ok_or_else(gone)?;
                    commit = self.commit(parent)?;
                }
                Ok((commit.id, rest))
            }
            "^" if number == 0 => Ok((commit.id, rest)),
            "^" => {
                let parent = usize::try_from(number - 1)
                    .ok()
                    .and_then(|at| commit.parents.get(at));
                Ok((*parent.ok_or_else(gone)?, rest))
            }
            _ => Err(bad()),
        }
    }

    /// Through tags, to what is none.
    fn peel_tags(&self, mut id: ObjectId) -> Result<ObjectId, GitError> {
        while self.header(&id)?.0 == Kind::Tag {
            self.budget.take("tags", "name the commit by its id")?;
            id = self.tag_target(&id)?;
        }
        Ok(id)
    }

    /// To the commit or tree behind an object.
    pub(crate) fn peel(
        &self,
        id: ObjectId,
        wanted: Kind,
        text: &str,
    ) -> Result<ObjectId, GitError> {
        let id = self.peel_tags(id)?;
        match (self.header(&id)?.0, wanted) {
            (Kind::Commit, Kind::Tree) => Ok(self.commit(&id)?.tree),
            (kind, wanted) if kind == wanted => Ok(id),
            (kind, wanted) => Err(GitError::WrongKind {
                given: text.into(),
                kind: kind_name(kind),
                wanted: kind_name(wanted),
                remedy: "name a commit, a branch or a tag",
            }),
        }
    }
}

pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Tree => "tree",
        Kind::Blob => "blob",
        Kind::Commit => "commit",
        Kind::Tag => "tag",
    }
}
