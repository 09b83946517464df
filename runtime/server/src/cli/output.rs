//! What the commands print: results on stdout, everything else on stderr.

use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

/// It worked.
pub(super) const DONE: u8 = 0;
/// The call or the tool failed.
pub(super) const FAILED: u8 = 1;
/// Usage or configuration.
pub(super) const USAGE: u8 = 2;

/// Where results go.
pub(super) struct Answers(Box<dyn Write>);

impl Answers {
    /// Stdout as it is, for commands that run no plugin.
    pub(super) fn plain() -> Self {
        Self(Box::new(io::stdout().lock()))
    }

    /// Stdout, taken away from everybody else: what a plugin prints goes to
    /// stderr, so the result stays readable for a program.
    pub(super) fn reserve() -> io::Result<Self> {
        let stdout = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
        Ok(Self(Box::new(File::from(stdout))))
    }

    /// Prints a result and chooses the exit code: a reader that closed its end
    /// (`| head`) is no failure, a full disk is.
    pub(super) fn print(mut self, text: &str, code: u8) -> ExitCode {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let written = write!(self.0, "{text}{end}").and_then(|()| self.0.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complain(&format!("cannot write to stdout: {error}"), FAILED)
            }
            _ => ExitCode::from(code),
        }
    }
}

/// Says what is wrong, one `error:` a line.
pub(super) fn complain(message: &str, code: u8) -> ExitCode {
    let mut stderr = io::stderr().lock();
    for line in message.lines() {
        if writeln!(stderr, "error: {line}").is_err() {
            break;
        }
    }
    ExitCode::from(code)
}

/// Says what somebody should know of, one `warning:` a line.
pub(super) fn warn(message: &str) {
    let mut stderr = io::stderr().lock();
    for line in message.lines() {
        // Nobody is left to be told that nobody can be told.
        let _written = writeln!(stderr, "warning: {line}");
    }
}

/// Pretty JSON, as the `--json` forms print it.
pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value)
        .expect("the values printed have string keys and finite numbers")
}
