//! What a command answers.

use schemars::JsonSchema;
use serde::Serialize;

/// How a command ended, and what it wrote.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// How it ended.
    pub ended: Ended,
    /// What it returned, if it ended by itself; 0 is success by convention.
    pub exit_code: Option<i32>,
    /// What to know about an end that was not its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its output. Bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// Its error output.
    pub stderr: String,
    /// Whether some of either was left out.
    pub truncated: bool,
    /// How long it ran, in milliseconds.
    pub duration_ms: u64,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// By itself.
    Exited,
    /// By a signal; the note says which.
    Signalled,
    /// It was killed: its time was over.
    TimedOut,
    /// It was killed: it went on writing far beyond what is answered.
    WroteTooMuch,
    /// It was killed: it had more processes or threads than declared.
    TooManyProcesses,
    /// It was killed: it occupied more memory than declared.
    TooMuchMemory,
    /// It was killed: the call was cancelled, or the server stops.
    Cancelled,
}

/// Output, kept up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    bytes: Vec<u8>,
    pub(crate) total: u64,
}

impl Captured {
    /// Takes what was written; keeps at most `most` bytes of all.
    pub(crate) fn take(&mut self, bytes: &[u8], most: usize) {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let room = most.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
    }

    /// Whether something was not kept.
    pub(crate) fn truncated(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// The text of it. A character that the limit cut through is left out.
    pub(crate) fn into_text(self) -> String {
        let cut = self.truncated();
        let mut bytes = self.bytes;
        if cut
            && let Some(last) = bytes.utf8_chunks().last()
            && is_begun(last.invalid())
        {
            bytes.truncate(bytes.len() - last.invalid().len());
        }
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// Whether these bytes begin a character and do not end it.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// What to know about a signal.
pub(crate) fn signal_note(signal: i32, declared_cpu: u64) -> String {
    let name = match signal {
        libc::SIGABRT => "SIGABRT: it gave up",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE: a calculation failed",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL: perhaps a limit of the machine's",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGSEGV => "SIGSEGV: it crashed, perhaps for lack of memory (`memory_mib`)",
        libc::SIGSYS => "SIGSYS: it made a system call that the sandbox answers with the end",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => {
            return format!(
                "ended by SIGXCPU: it used its {declared_cpu} seconds of processor time (`cpu_seconds`)"
            );
        }
        libc::SIGXFSZ => "SIGXFSZ: it wrote a larger file than declared (`file_size_mib`)",
        other => return format!("ended by signal {other}"),
    };
    format!("ended by {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(parts: &[&[u8]], most: usize) -> Captured {
        let mut captured = Captured::default();
        for part in parts {
            captured.take(part, most);
        }
        captured
    }

    #[test]
    fn what_is_over_the_limit_is_counted_and_left_out() {
        let whole = captured(&[b"ab", b"cd"], 4);
        assert!(!whole.truncated());
        assert_eq!(whole.into_text(), "abcd");
        let cut = captured(&[b"ab", b"cd", b"ef"], 3);
        assert_eq!((cut.truncated(), cut.total), (true, 6));
        assert_eq!(cut.into_text(), "abc");
    }

    #[test]
    fn a_character_is_not_cut_in_two() {
        assert_eq!(captured(&["aé".as_bytes()], 2).into_text(), "a");
        assert_eq!(captured(&["aé".as_bytes()], 3).into_text(), "aé");
        assert_eq!(captured(&[b"a\xffb"], 9).into_text(), "a\u{fffd}b");
        assert_eq!(captured(&[b"a\xff\xff"], 2).into_text(), "a\u{fffd}");
    }

    #[test]
    fn signals_are_named() {
        assert!(signal_note(libc::SIGXCPU, 7).contains("7 seconds"));
        assert!(signal_note(libc::SIGXFSZ, 7).contains("file_size_mib"));
        assert!(signal_note(64, 7).contains("64"));
    }
}
