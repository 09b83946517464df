//! Answers that cost a process, kept for as long as the files they were made from do not change.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::emit;

/// One kept answer.
#[derive(Clone, Debug)]
pub(crate) struct Memo {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    /// The files that the answer was made from, and the digest of each; `None` for one that was not there.
    inputs: Vec<(PathBuf, Option<String>)>,
    answer: T,
}

impl Memo {
    /// The answer to `question`, a text that holds everything but the contents of files.
    pub(crate) fn new(folder: &Path, question: &str) -> Self {
        Self {
            path: folder.join(format!("{}.json", &sha256(question.as_bytes())[..24])),
        }
    }

    /// The answer, unless one of its files has changed.
    pub(crate) fn get<T: DeserializeOwned>(&self) -> Option<T> {
        let kept: Kept<T> = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        let same = |(path, digest): &(PathBuf, Option<String>)| digest_of(path) == *digest;
        kept.inputs.iter().all(same).then_some(kept.answer)
    }

    /// Keeps an answer. Failing to costs only time, so it is not an error.
    pub(crate) fn put<T: Serialize>(&self, inputs: impl IntoIterator<Item = PathBuf>, answer: &T) {
        let inputs = inputs
            .into_iter()
            .map(|path| {
                let digest = digest_of(&path);
                (path, digest)
            })
            .collect();
        if let Ok(text) = serde_json::to_vec(&Kept { inputs, answer }) {
            let _kept = emit::write_if_changed(&self.path, &text);
        }
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

fn digest_of(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| sha256(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lives_as_long_as_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        let absent = folder.path().join("absent");
        fs::write(&input, "one").unwrap();
        let memo = Memo::new(folder.path(), "question");
        assert_eq!(memo.get::<u32>(), None);
        memo.put([input.clone(), absent.clone()], &7);
        assert_eq!(memo.get::<u32>(), Some(7));
        assert_eq!(Memo::new(folder.path(), "another").get::<u32>(), None);
        fs::write(&absent, "").unwrap();
        assert_eq!(memo.get::<u32>(), None);
        fs::remove_file(&absent).unwrap();
        fs::write(&input, "two").unwrap();
        assert_eq!(memo.get::<u32>(), None);
    }
}
