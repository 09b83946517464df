//! Branches, tags and HEAD: read by hand through the git directory's handle.

use std::collections::BTreeMap;

use gix_hash::ObjectId;

use crate::error::GitError;
use crate::handle::{Read, open_dir, open_file, read_file};
use crate::session::Session;

/// The largest file of one ref, and of all packed ones.
const LARGEST: u64 = 4 << 10;
const LARGEST_PACKED: u64 = 64 << 20;
/// How many names may lead from one to the next.
const LONGEST_CHAIN: usize = 8;
/// How deep names are nested.
const DEEPEST: usize = 32;

/// What a ref holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Object(ObjectId),
    /// The full name of another ref.
    Name(Vec<u8>),
}

/// What HEAD is.
pub(crate) struct Head {
    /// The full name of the branch, unless detached.
    pub(crate) branch: Option<Vec<u8>>,
    /// The commit, unless the branch has none yet.
    pub(crate) commit: Option<ObjectId>,
}

/// All packed refs by full name.
pub(crate) type Packed = BTreeMap<Vec<u8>, ObjectId>;

impl Session<'_> {
    pub(crate) fn head(&self) -> Result<Head, GitError> {
        match self.loose_ref(b"HEAD")? {
            Some(Target::Object(id)) => Ok(Head {
                branch: None,
                commit: Some(id),
            }),
            Some(Target::Name(name)) => Ok(Head {
                commit: self.resolve_ref(&name)?,
                branch: Some(name),
            }),
            None => Err(GitError::damaged("its HEAD is missing")),
        }
    }

    /// The object that a full name leads to.
    pub(crate) fn resolve_ref(&self, name: &[u8]) -> Result<Option<ObjectId>, GitError> {
        let mut name = name.to_vec();
        for _ in 0..LONGEST_CHAIN {
            let target = match self.loose_ref(&name)? {
                Some(target) => target,
                None => match self.packed()?.get(&name) {
                    Some(id) => Target::Object(*id),
                    None => return Ok(None),
                },
            };
            match target {
                Target::Object(id) => return Ok(Some(id)),
                Target::Name(next) => name = next,
            }
        }
        Err(GitError::damaged("its refs lead in a circle"))
    }

    /// Every ref below `prefix`, which ends in a slash, by the rest of its name.
    pub(crate) fn refs_below(&self, prefix: &str) -> Result<BTreeMap<Vec<u8>, ObjectId>, GitError> {
        let mut names: Vec<Vec<u8>> = self
            .packed()?
            .range(prefix.as_bytes().to_vec()..)
            .map(|(name, _)| name)
            .take_while(|name| name.starts_with(prefix.as_bytes()))
            .cloned()
            .collect();
        self.loose_below(prefix.trim_end_matches('/').as_bytes(), 0, &mut names)?;
        names.sort();
        names.dedup();
        let mut found = BTreeMap::new();
        for name in names {
            self.budget.take("refs", "ask for fewer")?;
            if let Some(id) = self.resolve_ref(&name)? {
                found.insert(name[prefix.len()..].to_vec(), id);
            }
        }
        Ok(found)
    }

    fn loose_below(
        &self,
        path: &[u8],
        depth: usize,
        names: &mut Vec<Vec<u8>>,
    ) -> Result<(), GitError> {
        if depth > DEEPEST {
            return Err(GitError::TooDeep { limit: DEEPEST });
        }
        let mut dir = self.clone_git()?;
        for part in path.split(|byte| *byte == b'/') {
            dir = match open_dir(&dir, part) {
                Ok(dir) => dir,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(GitError::io("the refs", error)),
            };
        }
        for entry in dir
            .entries()
            .map_err(|error| GitError::io("the refs", error))?
        {
            self.budget.take("refs", "ask for fewer")?;
            let entry = entry.map_err(|error| GitError::io("the refs", error))?;
            let kind = entry
                .file_type()
                .map_err(|error| GitError::io("the refs", error))?;
            let name = [path, b"/", entry.file_name().as_encoded_bytes()].concat();
            if kind.is_dir() {
                self.loose_below(&name, depth + 1, names)?;
            } else if is_name(&name) {
                names.push(name);
            }
        }
        Ok(())
    }

    /// The ref kept in a file of its own.
    fn loose_ref(&self, name: &[u8]) -> Result<Option<Target>, GitError> {
        if !is_name(name) {
            return Ok(None);
        }
        let mut parts: Vec<&[u8]> = name.split(|byte| *byte == b'/').collect();
        let Some(last) = parts.pop() else {
            return Ok(None);
        };
        let mut dir = self.clone_git()?;
        for part in parts {
            dir = match open_dir(&dir, part) {
                Ok(dir) => dir,
                Err(_) => return Ok(None),
            };
        }
        // A directory of that name is not a ref.
        if !open_file(&dir, last).is_ok_and(|(_, metadata)| metadata.len() <= LARGEST) {
            return Ok(None);
        }
        match read_file(&dir, last, LARGEST) {
            Ok(Read::Bytes(bytes)) => parse(&bytes)
                .map(Some)
                .ok_or_else(|| GitError::damaged("one of its refs is not readable")),
            _ => Ok(None),
        }
    }

    /// The packed refs, read once for each call.
    fn packed(&self) -> Result<&Packed, GitError> {
        if let Some(packed) = self.packed.get() {
            return Ok(packed);
        }
        let bytes = match read_file(&self.place.git, b"packed-refs", LARGEST_PACKED) {
            Ok(Read::Bytes(bytes)) => bytes,
            Ok(Read::TooLarge) => {
                return Err(GitError::refused("packed-refs", "is larger than 64 MiB"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(GitError::io("the file `packed-refs`", error)),
        };
        Ok(self.packed.get_or_init(|| parse_packed(&bytes)))
    }
}

/// Whether this can be the full name of a ref. Nothing that could lead out of the git directory can.
pub(crate) fn is_name(name: &[u8]) -> bool {
    let is_plain =
        |part: &[u8]| !part.is_empty() && !part.starts_with(b".") && !part.ends_with(b".lock");
    name.len() <= 1024
        && (name == b"HEAD" || name.starts_with(b"refs/"))
        && name.split(|byte| *byte == b'/').all(is_plain)
        && !name.windows(2).any(|pair| pair == b".." || pair == b"@{")
        && !name
            .iter()
            .any(|byte| byte.is_ascii_control() || b" ~^:?*[\\".contains(byte))
}

fn parse(bytes: &[u8]) -> Option<Target> {
    let text = bytes.trim_ascii();
    if let Some(name) = text.strip_prefix(b"ref:") {
        let name = name.trim_ascii();
        return is_name(name).then(|| Target::Name(name.to_vec()));
    }
    let id = text.get(..40)?;
    (text.len() == 40).then_some(())?;
    ObjectId::from_hex(id).ok().map(Target::Object)
}

/// A line that is not one is left out.
fn parse_packed(bytes: &[u8]) -> Packed {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.starts_with(b"#") && !line.starts_with(b"^"))
        .filter_map(|line| {
            let (id, name) = line.split_at_checked(40)?;
            let name = name.strip_prefix(b" ")?.trim_ascii_end();
            let id = ObjectId::from_hex(id).ok()?;
            is_name(name).then(|| (name.to_vec(), id))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for good in [
            "HEAD",
            "refs/heads/main",
            "refs/heads/a/b-c.d",
            "refs/tags/é",
        ] {
            assert!(is_name(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "config",
            "FETCH_HEAD",
            "refs/../config",
            "refs/heads/../../config",
            "refs//x",
            "refs/.x",
            "refs/x.lock",
            "refs/a b",
            "refs/x~1",
            "/etc/passwd",
            "refs/x/",
            "refs/x\n",
        ] {
            assert!(!is_name(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn what_is_no_ref_is_none() {
        let hex = "a".repeat(40);
        assert!(parse(format!("{hex}\n").as_bytes()).is_some());
        assert_eq!(
            parse(b"ref: refs/heads/x\n"),
            Some(Target::Name(b"refs/heads/x".to_vec()))
        );
        for bad in [
            "",
            "ref: ../../etc/passwd",
            "ref: config",
            "root:x:0:0",
            &format!("{hex}a"),
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
        let packed = parse_packed(
            format!("# pack-refs\n{hex} refs/tags/a\n^{hex}\nnonsense\n{hex} config\n").as_bytes(),
        );
        assert_eq!(packed.len(), 1);
    }
}
