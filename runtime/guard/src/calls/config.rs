//! The logs of calls as the operator writes them.

use std::{
    fmt::Display,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer};

use crate::{AuditTarget, Problem, Rotate, Rotation, file::size, is_same_file};

/// How many calls may wait.
const QUEUE: RangeInclusive<usize> = 1..=65_536;
/// How many files that were put aside may be kept, and for how many days.
const KEEP: RangeInclusive<usize> = 1..=10_000;
/// How many bytes of the arguments, or of a result, may be written.
const ROOM: RangeInclusive<u64> = 1 << 10..=1 << 20;

/// The table `[calls]`: what tools were called with, and what came back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallsConfig {
    /// How many bytes of a call's arguments are written, `1KiB` to `1MiB`, `16KiB` unless told.
    pub arguments: Written<Room>,
    /// How many bytes of a result are written; none unless told.
    pub results: Written<Room>,
    /// Names of arguments and fields whose values are not written, besides those that everybody knows.
    pub redact: Vec<String>,
    /// How many calls may wait to be written, 1 to 65,536, 1,024 unless told. One more is dropped and counted.
    pub queue: usize,
    /// A line of JSON for each call.
    pub jsonl: FileConfig,
    /// A line for people.
    pub text: FileConfig,
    /// A transcript.
    pub markdown: FileConfig,
}

impl Default for CallsConfig {
    fn default() -> Self {
        Self {
            arguments: Written(Ok(Room(16 << 10))),
            results: Written(Ok(Room(0))),
            redact: Vec::new(),
            queue: 1_024,
            jsonl: FileConfig::default(),
            text: FileConfig::default(),
            markdown: FileConfig::default(),
        }
    }
}

/// One log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileConfig {
    /// Its file; there is no such log unless told.
    pub to: Option<Written<Place>>,
    /// When the file is put aside for a new one; never unless told.
    pub rotate: Option<Written<Rotate>>,
    /// How many files that were put aside are kept, 1 to 10,000, 90 unless told.
    pub keep: usize,
    /// For how many days one is kept; for as long as it is among the youngest unless told.
    pub days: Option<usize>,
    /// Whether files that were put aside are packed with gzip; not unless told.
    pub compress: bool,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            to: None,
            rotate: None,
            keep: 90,
            days: None,
            compress: false,
        }
    }
}

impl FileConfig {
    /// The file, if there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.to.as_ref()?.value()?.0.as_deref()
    }

    /// When its file is put aside, and what becomes of it.
    pub(super) fn rotation(&self) -> Option<Rotation> {
        Some(Rotation {
            when: *self.rotate.as_ref()?.value()?,
            keep: self.keep,
            days: self.days.map(|days| days as u64),
            compress: self.compress,
        })
    }
}

impl CallsConfig {
    /// The logs that there may be, by name.
    pub(super) fn logs(&self) -> [(&'static str, &FileConfig); 3] {
        [
            ("jsonl", &self.jsonl),
            ("text", &self.text),
            ("markdown", &self.markdown),
        ]
    }

    /// The files that are written, by the names of their logs.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let logs = self.logs().into_iter();
        logs.filter_map(|(name, log)| Some((name, log.path()?)))
    }

    /// What is wrong, as far as can be told without opening anything.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |path: String, message: Option<&str>| {
            problems.extend(message.map(|message| Problem::new(path, message)));
        };
        wrong("arguments".to_owned(), self.arguments.wrong());
        wrong("results".to_owned(), self.results.wrong());
        for (name, log) in self.logs() {
            let to = log.to.as_ref().and_then(Written::wrong);
            wrong(format!("{name}.to"), to);
            let rotate = log.rotate.as_ref().and_then(Written::wrong);
            wrong(format!("{name}.rotate"), rotate);
        }
        let mut count = |path: String, count: usize, range: RangeInclusive<usize>| {
            if !range.contains(&count) {
                let (least, most) = range.into_inner();
                let message = format!("{count} is out of range: from {least} to {most}");
                problems.push(Problem::new(path, message));
            }
        };
        count("queue".to_owned(), self.queue, QUEUE);
        for (name, log) in self.logs() {
            count(format!("{name}.keep"), log.keep, KEEP);
            count(format!("{name}.days"), log.days.unwrap_or(1), KEEP);
        }
        if self.arguments.value() == Some(&Room(0)) {
            let message = "calls without their arguments are in the record, [audit]: write a size";
            problems.push(Problem::new("arguments", message));
        }
        for (at, name) in self.redact.iter().enumerate() {
            if !name.contains(char::is_alphanumeric) {
                let message = "a name has letters or digits";
                problems.push(Problem::new(format!("redact[{at}]"), message));
            }
        }
        for (at, (name, log)) in self.logs().into_iter().enumerate() {
            let others = &self.logs()[..at];
            let same = others
                .iter()
                .find(|(_, other)| match (log.path(), other.path()) {
                    (Some(path), Some(other)) => is_same_file(path, other),
                    _ => false,
                });
            if let Some((other, _)) = same {
                let message = format!("`calls.{other}` is written there: name another file");
                problems.push(Problem::new(format!("{name}.to"), message));
            }
        }
        problems
    }
}

/// How many bytes of something are written; 0 for none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room(pub(super) u64);

impl FromStr for Room {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(0));
        }
        let bytes = size(text).filter(|bytes| ROOM.contains(bytes));
        let shown: String = text.chars().take(64).collect();
        bytes.map(Self).ok_or_else(|| {
            format!("`{shown}` does not say how much: write a size from \"1KiB\" to \"1MiB\", or \"off\"")
        })
    }
}

/// Where a log goes: a path, or "off". Not "stderr": what the log of the server may say of a call is less than this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Option<PathBuf>);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(AuditTarget::Off) => Ok(Self(None)),
            Ok(AuditTarget::File(path)) => Ok(Self(Some(path))),
            Ok(AuditTarget::Stderr) | Err(_) => {
                let shown: String = text.chars().take(64).collect();
                Err(format!(
                    "`{shown}` is no place for calls: write \"off\", or a path with a slash, as in \"./calls.jsonl\""
                ))
            }
        }
    }
}

/// A text as somebody wrote it. What is wrong with it is told along with everything else, and not as the only thing.
#[derive(Clone, Debug)]
pub struct Written<T>(Result<T, String>);

impl<T> Written<T> {
    /// What it says.
    pub(super) const fn value(&self) -> Option<&T> {
        match &self.0 {
            Ok(value) => Some(value),
            Err(_) => None,
        }
    }

    fn wrong(&self) -> Option<&str> {
        self.0.as_ref().err().map(String::as_str)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(
            text.parse().map_err(|error: T::Err| error.to_string()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let json = r#"{"queue":0,"arguments":"off","redact":["iban","--"],
            "results":"much","jsonl":{"to":"./a","keep":0,"rotate":"weekly"},"text":{"to":"b","days":0},
            "markdown":{"to":"./a"}}"#;
        let config: CallsConfig = serde_json::from_str(json).expect("a configuration");
        let problems = config.problems();
        let paths: Vec<_> = problems.iter().map(|problem| &*problem.path).collect();
        assert_eq!(
            paths,
            [
                "results",
                "jsonl.rotate",
                "text.to",
                "queue",
                "jsonl.keep",
                "text.days",
                "arguments",
                "redact[1]",
                "markdown.to"
            ]
        );
        assert_eq!(CallsConfig::default().problems(), []);
    }

    #[test]
    fn a_place_is_a_path_and_room_is_a_size() {
        for to in ["stderr", "calls.jsonl", ""] {
            let error = to.parse::<Place>().expect_err(to);
            assert!(error.contains("./calls.jsonl"), "{error}");
        }
        assert_eq!("off".parse(), Ok(Place(None)));
        assert_eq!("4KiB".parse(), Ok(Room(4 << 10)));
        for wrong in ["", "4", "1GiB", "none", "0KiB"] {
            assert!(wrong.parse::<Room>().expect_err(wrong).contains("\"off\""));
        }
    }
}
