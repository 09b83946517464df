//! Where records end up. All of it may block, so only the writer's own thread is in this room.

use std::{io, path::Path};

use crate::{
    Problem,
    file::{LogFile, Rotation, Tail, not_opened},
};

/// A place for lines.
#[derive(Debug)]
pub(super) enum Sink {
    Stderr(Tail),
    File(LogFile),
}

impl Sink {
    pub(super) fn stderr() -> Self {
        Self::Stderr(Tail::default())
    }

    /// The file at `path`; else what is wrong with which setting.
    pub(super) fn file(path: &Path, rotation: Option<Rotation>) -> Result<Self, Problem> {
        let file =
            LogFile::open(path).map_err(|error| Problem::new("to", not_opened(path, &error)))?;
        let file = file.rotating(rotation);
        Ok(Self::File(file.map_err(|error| {
            Problem::new("rotate", error.to_string())
        })?))
    }

    /// Writes a line, all of it or an error; waits for a place that is slow.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Stderr(tail) => tail.write(&mut io::stderr().lock(), line),
            Self::File(log) => log.write_line(line),
        }
    }
}
