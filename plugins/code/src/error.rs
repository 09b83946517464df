//! Why a script did not end well, in words for the model: where, what, and what to do.

use rhai::{EvalAltResult, ParseError, Position};

use serde::{Deserialize, Serialize};

use crate::engine::{DEEPEST_CALL, LONGEST_CODE, LONGEST_TEXT, MOST_ELEMENTS, MOST_FIELDS};
use crate::json::NoJson;

/// The longest message of a script that is repeated, in characters.
const LONGEST_MESSAGE: usize = 1000;

/// Why a script did not end well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum ScriptError {
    #[error(
        "the script is {0} bytes long; at most {LONGEST_CODE} are taken; shorten it, and pass data as `input`"
    )]
    TooLong(usize),
    #[error(
        "the input is larger than a script may hold ({LONGEST_TEXT} bytes of text, {MOST_ELEMENTS} elements of arrays, {MOST_FIELDS} fields of maps); pass less"
    )]
    LargeInput,
    #[error("{0}{1}")]
    Script(At, String),
    #[error("{0}the script made more than {1} operations; do less, or in fewer steps")]
    Operations(At, u64),
    #[error("{0}the script ran longer than {1} ms; do less")]
    Time(At, u64),
    #[error(
        "{0}the script took more memory than it may ({1} MiB for all scripts that run now); hold less at a time"
    )]
    Memory(At, u64),
    #[error("the call was cancelled")]
    Cancelled,
    #[error(transparent)]
    Result(#[from] NoJson),
    #[error("all places for scripts are taken and enough calls wait already; try again later")]
    Busy,
    #[error("no place for the script became free in time; try again later")]
    NoTurn,
    #[error("the server stops; nothing is started any more")]
    Stopping,
    #[error("the script could not be run; the server's log says why")]
    Failed,
}

/// A place in a script, if it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct At(Option<(usize, usize)>);

impl At {
    /// The place that an error of the interpreter names.
    pub(crate) fn of(position: Position) -> Self {
        Self(
            position
                .line()
                .map(|line| (line, position.position().unwrap_or(0))),
        )
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((line, 0)) => write!(formatter, "line {line}: "),
            Some((line, column)) => write!(formatter, "line {line}, column {column}: "),
            None => Ok(()),
        }
    }
}

impl ScriptError {
    /// What a reader of the script's text found.
    pub(crate) fn parsing(error: &ParseError) -> Self {
        Self::Script(At::of(error.1), short(&error.0.to_string()))
    }

    /// What went wrong while it ran. Its limits are told by whoever set them.
    pub(crate) fn running(error: EvalAltResult) -> Self {
        let mut error = error;
        // The place where it happened is inside of the functions that led there.
        while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
            error = *inner;
        }
        let at = At::of(error.take_position());
        match error {
            EvalAltResult::ErrorStackOverflow(_) => Self::Script(
                at,
                format!("functions call each other deeper than {DEEPEST_CALL} levels; use a loop"),
            ),
            EvalAltResult::ErrorDataTooLarge(what, _) => Self::Script(
                at,
                format!(
                    "{what} is too large (at most {LONGEST_TEXT} bytes of text, {MOST_ELEMENTS} elements of arrays and {MOST_FIELDS} fields of maps in one value); hold less"
                ),
            ),
            error => Self::Script(at, short(&error.to_string())),
        }
    }
}

fn short(message: &str) -> String {
    let mut text: String = message.chars().take(LONGEST_MESSAGE).collect();
    if text.len() < message.len() {
        text.push('…');
    }
    text
}
