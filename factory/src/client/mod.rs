//! A client for trying a server out: any server, on stdio or by a URL, in whichever era it speaks.
//!
//! In the room: the two ways to a server (`stdio`, `http` with `piped`), what it said meanwhile (`kept`), the
//! conversation (`session`), what the words of a line mean (`words`), and what a command does (`shell`). Not here: the
//! terminal, which is the command line's business. It can nothing that a server might ask of it, and says so.

mod http;
mod kept;
mod piped;
mod session;
mod shell;
mod stdio;
mod words;

use crate::interrupt::Interrupt;

pub(crate) use session::Era;
pub(crate) use shell::{Outcome, Shell};
pub(crate) use words::Parameter;

use session::{Link, Session};

/// Where a server is.
#[derive(Debug)]
pub(crate) enum Target {
    /// A program and its arguments.
    Command(Vec<String>),
    /// A URL, and headers that every request has.
    Url(String, Vec<(String, String)>),
}

/// Reaches a server and asks for its lists.
///
/// # Errors
/// Why it cannot be spoken to, in one sentence.
pub(crate) fn open(
    target: &Target,
    era: Era,
    frames: bool,
    interrupt: &Interrupt,
) -> Result<Shell, String> {
    let link = match target {
        Target::Command(command) => Link::Stdio(stdio::Child::start(command, interrupt)?),
        Target::Url(url, headers) => Link::Http(http::Http::new(url, headers, interrupt)),
    };
    Shell::new(Session::open(link, era, frames)?).map_err(|trouble| trouble.text())
}
