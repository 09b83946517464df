//! The variables that the configuration may read: the process's own, and below them those of an `--env-file`.
//!
//! Not here: which of them are settings (`variables`).

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::{Problem, Problems};

/// The most that an `--env-file` may hold.
const LARGEST: u64 = 1 << 20;

/// Variables by name. Some are secrets, so `Debug` shows none.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Environment({} variables)", self.0.len())
    }
}

impl Environment {
    /// The process's variables, as far as they are text.
    pub(crate) fn process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    #[cfg(test)]
    pub(super) fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(variables.into_iter().map(owned).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds the variables of a file of `NAME=value` lines below those that are set, and returns what was added.
    /// What is wrong with it goes to `problems`.
    pub(super) fn add_file(&mut self, path: &Path, problems: &mut Problems) -> Self {
        let mut added = BTreeMap::new();
        let shown = path.display();
        let text = match read(path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("cannot read {shown}: {error}");
                problems.add(Problem::new("--env-file", message));
                return Self(added);
            }
        };
        for (at, line) in text.lines().enumerate() {
            match assignment(line) {
                Ok(Some((name, value))) => {
                    if !self.0.contains_key(name) {
                        added.insert(name.to_owned(), value);
                    }
                }
                Ok(None) => {}
                Err(message) => {
                    problems.add(Problem::new(format!("{shown}:{}:1", at + 1), message));
                }
            }
        }
        let new = added
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        self.0.extend(new);
        Self(added)
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind, Read as _};
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    // Half of it would be another configuration, and nobody would know.
    if bytes.len() as u64 > LARGEST {
        return Err(Error::new(
            ErrorKind::FileTooLarge,
            "it is larger than 1 MiB, the most that is read; is it the right file?",
        ));
    }
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not text"))
}

/// `NAME=value`, `export NAME="value"`, or nothing in an empty line or a comment. The line is not repeated in
/// the error: it may hold a secret.
fn assignment(line: &str) -> Result<Option<(&str, String)>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("write NAME=value")?;
    let name = name.trim();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty() || !name.chars().all(is_letter) {
        return Err("this is no name of a variable: write letters, digits and `_`");
    }
    let value = value.trim();
    if let Some(quoted) = value.strip_prefix('\'') {
        let (inner, after) = quoted.split_once('\'').ok_or(OPEN)?;
        return nothing_after(after).map(|()| Some((name, inner.to_owned())));
    }
    if let Some(quoted) = value.strip_prefix('"') {
        let (inner, after) = double_quoted(quoted).ok_or(OPEN)?;
        return nothing_after(after).map(|()| Some((name, inner)));
    }
    // A comment begins with a space and `#`: a `#` inside of a value is a part of it.
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    Ok(Some((name, value.trim_end().to_owned())))
}

const OPEN: &str = "the quote is not closed in its line";

fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((inner, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => inner.push('\n'),
                't' => inner.push('\t'),
                other => inner.push(other),
            },
            letter => inner.push(letter),
        }
    }
    None
}

fn nothing_after(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(())
    } else {
        Err("there is something after the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_everybody_writes_them() {
        for (line, expected) in [
            ("A=1", Some(("A", "1"))),
            ("export A = x y ", Some(("A", "x y"))),
            ("A='x # \"y\"' # why", Some(("A", "x # \"y\""))),
            (r#"A="x\n\"y\"""#, Some(("A", "x\n\"y\""))),
            ("A=x#y # why", Some(("A", "x#y"))),
            ("A=", Some(("A", ""))),
            ("# A=1", None),
            ("  ", None),
        ] {
            let read = assignment(line).unwrap();
            let read = read.as_ref().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(read, expected, "{line}");
        }
        for line in [
            "canary",
            "A B=canary",
            "A=\"canary",
            "A='canary",
            "A='x' canary",
            "=canary",
        ] {
            let error = assignment(line).unwrap_err();
            assert!(!error.contains("canary"), "{line}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_and_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let largest = usize::try_from(LARGEST).unwrap();
        for (bytes, is_fine) in [(largest, true), (largest + 1, false)] {
            let text = format!("A=1\n#{}\nB=2", " ".repeat(bytes - 9));
            assert_eq!(text.len(), bytes);
            std::fs::write(&path, text).unwrap();
            let mut problems = Problems::default();
            let added = Environment::default().add_file(&path, &mut problems);
            assert_eq!(added.0.len(), if is_fine { 2 } else { 0 });
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(told.is_empty(), is_fine, "{told:?}");
            assert!(is_fine || told[0].contains("larger than 1 MiB"), "{told:?}");
        }
    }

    #[test]
    fn what_is_set_beats_the_file_and_every_mistake_has_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "A=file\nB=file\nnonsense\nC='x\n").unwrap();
        let mut environment = Environment::of([("A", "process")]);
        let mut problems = Problems::default();
        let added = environment.add_file(&path, &mut problems);
        assert_eq!(added.0.keys().collect::<Vec<_>>(), ["B"]);
        assert_eq!(
            (environment.get("A"), environment.get("B")),
            (Some("process"), Some("file"))
        );
        let places: Vec<&str> = problems
            .iter()
            .map(|problem| problem.place.as_str())
            .collect();
        assert!(
            places[0].ends_with(".env:3:1") && places[1].ends_with(".env:4:1"),
            "{places:?}"
        );
    }
}
