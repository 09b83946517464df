//! A process that ends with its test, and waiting for things that take a moment.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// Between two looks at something that takes a moment.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks at `probe` until it has something, at most for `limit`. The last look is after that, so that one that took
/// too long is not the only one.
pub fn eventually<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let is_last = Instant::now() > end;
        if let Some(found) = probe() {
            return Some(found);
        }
        if is_last {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

/// A child process with its stderr kept. Killed when dropped; nothing else is ever signalled.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stderr: Arc<Mutex<String>>,
    /// Ends with the pipe.
    reader: JoinHandle<()>,
}

impl Process {
    /// Starts `command`. stdin and stdout are what the command says; stderr is collected.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stderr = Arc::new(Mutex::new(String::new()));
        let pipe = child.stderr.take().expect("stderr is piped");
        let kept = Arc::clone(&stderr);
        let reader = thread::spawn(move || {
            // Whatever the bytes: a reader that gave up would be a broken pipe for the process.
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(&String::from_utf8_lossy(&line));
                kept.push('\n');
            }
        });
        Self {
            child,
            stderr,
            reader,
        }
    }

    /// The child itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// What it wrote to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All that it wrote to stderr, once it and whoever has its stderr have ended.
    pub fn last_words(&self) -> String {
        let is_read = self.is_read_within(Duration::from_secs(10));
        assert!(is_read, "somebody still has its stderr");
        self.stderr()
    }

    /// Whether stderr is read to its end, which is that of whoever has it, after at most `limit`.
    fn is_read_within(&self, limit: Duration) -> bool {
        eventually(limit, || self.reader.is_finished().then_some(())).is_some()
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to end again and again, at most for `limit`: signals that come before the first was heard are one. How it
    /// ended, or `None`.
    pub fn terminate_again(&mut self, limit: Duration) -> Option<ExitStatus> {
        eventually(limit, || {
            self.terminate();
            thread::sleep(Duration::from_millis(200));
            self.child.try_wait().expect("a child can be waited for")
        })
    }

    /// Stops it where it is: its connections stay, and nobody reads them.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a child has an id");
        kill_process(id, signal).expect("a child that was not waited for can be signalled");
    }

    /// Waits for its end, at most for `limit`. How it ended and how long that took, or `None`.
    pub fn ended_within(&mut self, limit: Duration) -> Option<(ExitStatus, Duration)> {
        let start = Instant::now();
        let status = eventually(limit, || {
            self.child.try_wait().expect("a child can be waited for")
        })?;
        let took = start.elapsed();
        // What it said last is still on its way to whoever asks for it. Not for ever: another may have its stderr.
        self.is_read_within(Duration::from_secs(5));
        Some((status, took))
    }

    /// Memory that it holds now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    /// The most memory that it held since its start or since `forget_peak`, in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.status_kib("VmHWM:")
    }

    /// Begins to look for the most memory anew.
    pub fn forget_peak(&self) {
        fs::write(self.proc("clear_refs"), "5").expect("the peak of a child can be reset");
    }

    /// Descriptors that it holds now: files, sockets, and what the runtime needs.
    pub fn descriptors(&self) -> usize {
        let entries = fs::read_dir(self.proc("fd")).expect("a running process has descriptors");
        entries.count()
    }

    /// Time on a processor that it has used up to now, in steps of 10 ms.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(self.proc("stat")).expect("a running process has a stat");
        // The name, which may hold anything, stands in the only parentheses; after it come the state and numbers.
        let (_, fields) = stat.rsplit_once(')').expect("the stat has the name");
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().expect("times are numbers"))
            .sum();
        Duration::from_millis(ticks * 10)
    }

    fn status_kib(&self, name: &str) -> u64 {
        let status =
            fs::read_to_string(self.proc("status")).expect("a running process has a status");
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .expect("the status has it in kB")
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}
