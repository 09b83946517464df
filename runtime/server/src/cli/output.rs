//! What the commands print: results on stdout, everything else on stderr.

use std::io::{self, Write};
use std::process::ExitCode;

/// It worked.
pub(super) const DONE: u8 = 0;
/// The call or the tool failed.
pub(super) const FAILED: u8 = 1;
/// Usage or configuration.
pub(super) const USAGE: u8 = 2;

/// Prints a result and chooses the exit code: a reader that closed its end
/// (`| head`) is no failure, a full disk is.
pub(super) fn print(text: &str, code: u8) -> ExitCode {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| {
        if text.ends_with('\n') {
            Ok(())
        } else {
            stdout.write_all(b"\n")
        }
    });
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to stdout: {error}"), FAILED)
        }
        _ => ExitCode::from(code),
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

/// Pretty JSON, as the `--json` forms print it.
pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value)
        .expect("the values printed have string keys and finite numbers")
}
