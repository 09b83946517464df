//! Stderr or a file, written by a thread of its own: a supervisor that does not read it holds up nobody.
//!
//! What waits is bounded; what does not fit is counted, and told once there is room again.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use mcp_factory_guard::LogFile;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait, and their bytes together.
const LINES: usize = 1_024;
const BYTES: usize = 1 << 20;
/// What the last lines may take at the end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What waits for the thread.
enum Message {
    Line(Vec<u8>),
    /// Everything before this was written.
    Flush(SyncSender<()>),
}

/// The way to stderr. Cheap to clone; the thread begins with the first line.
#[derive(Clone, Debug, Default)]
pub(super) struct Stderr(Arc<OnceLock<Option<Queue>>>);

#[derive(Debug)]
struct Queue {
    messages: SyncSender<Message>,
    state: Arc<State>,
    last_words: Duration,
}

#[derive(Debug, Default)]
struct State {
    waiting: AtomicUsize,
    lost: AtomicUsize,
}

impl Stderr {
    /// Writes to `file` instead, unless the thread has begun.
    pub(super) fn to(&self, file: LogFile) {
        self.0.get_or_init(|| Queue::start(file, tell));
    }

    /// Writes a line as soon as somebody reads, if there is room for it until then.
    pub(super) fn send(&self, line: &[u8]) {
        let own = OWN.with_borrow_mut(|own| own.as_mut().map(|own| own.extend_from_slice(line)));
        if own.is_some() {
            return;
        }
        match self.0.get_or_init(|| Queue::start(io::stderr(), tell)) {
            Some(queue) => queue.send(line),
            // No thread to be had: then the reader is waited for.
            None => drop(io::stderr().write_all(line)),
        }
    }

    /// Waits a moment for what was sent to be written.
    pub(super) fn flush(&self) {
        if let Some(Some(queue)) = self.0.get() {
            queue.flush();
        }
    }
}

impl Queue {
    /// `tell` says how many lines were lost.
    fn start(
        to: impl Write + Send + 'static,
        tell: impl Fn(usize) + Send + 'static,
    ) -> Option<Self> {
        let (messages, received) = sync_channel(LINES);
        let state = Arc::new(State::default());
        let its_state = Arc::clone(&state);
        let run = move || write(to, &received, &its_state, tell);
        let thread = thread::Builder::new().name("log".to_owned()).spawn(run);
        thread.is_ok().then_some(Self {
            messages,
            state,
            last_words: LAST_WORDS,
        })
    }

    fn send(&self, line: &[u8]) {
        let waiting = self.state.waiting.fetch_add(line.len(), Relaxed);
        let fits = waiting == 0 || waiting + line.len() <= BYTES;
        if !fits
            || self
                .messages
                .try_send(Message::Line(line.to_vec()))
                .is_err()
        {
            self.state.waiting.fetch_sub(line.len(), Relaxed);
            self.state.lost.fetch_add(1, Relaxed);
        }
    }

    fn flush(&self) {
        let deadline = Instant::now() + self.last_words;
        let (done, written) = sync_channel(1);
        while self
            .messages
            .try_send(Message::Flush(done.clone()))
            .is_err()
        {
            if Instant::now() > deadline {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match written.recv_timeout(left) {
            // Nobody reads: the last lines are lost with the process.
            Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}

thread_local! {
    /// What the thread that writes has to say itself: it does not wait in a queue that may be full.
    static OWN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

fn tell(lost: usize) {
    tracing::warn!(lost, "lines of the log were lost: nobody read them");
}

fn write(mut to: impl Write, messages: &Receiver<Message>, state: &State, tell: impl Fn(usize)) {
    for message in messages {
        match message {
            Message::Line(line) => {
                // Nobody is left to be told that nobody can be told.
                drop(to.write_all(&line));
                state.waiting.fetch_sub(line.len(), Relaxed);
            }
            Message::Flush(done) => drop(done.try_send(())),
        }
        let lost = state.lost.swap(0, Relaxed);
        if lost > 0 {
            OWN.set(Some(Vec::new()));
            tell(lost);
            let line = OWN.take().unwrap_or_default();
            drop(to.write_all(&line));
        }
    }
}

/// One line in the making: the formatter hands it over whole.
#[derive(Debug)]
pub(super) struct Line<'a>(&'a Stderr);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.send(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_reader_that_stops_holds_up_nobody_and_is_told_what_it_missed() {
        let (reader, writer) = io::pipe().unwrap();
        let tell = |lost| {
            let super::super::Filter(filter) = "warn".parse().unwrap();
            let (filter, _) = tracing_subscriber::reload::Layer::new(filter);
            let subscriber = super::super::subscriber(filter, true, false, Stderr::default());
            tracing::subscriber::with_default(subscriber, || tell(lost));
        };
        let queue = Queue::start(writer, tell).unwrap();
        let line = [vec![b'x'; 999], b"\n".to_vec()].concat();
        for _ in 0..200 {
            queue.send(&line);
        }
        // The thread is stuck once nothing moves any more: a pipe holds 64 KiB.
        let waiting = || queue.state.waiting.load(Relaxed);
        let (mut still, mut since) = (waiting(), Instant::now());
        while since.elapsed() < Duration::from_secs(1) {
            thread::sleep(Duration::from_millis(10));
            if waiting() != still {
                (still, since) = (waiting(), Instant::now());
            }
        }
        let begun = Instant::now();
        for _ in 0..10_000 {
            queue.send(&line);
        }
        queue.flush();
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
        let lost = queue.state.lost.load(Relaxed);
        assert!((8_900..9_500).contains(&lost), "{lost} of 10,000 were lost");
        // Its thread ends when all is written.
        drop(queue);
        let (mut seen, mut told) = (0, Vec::new());
        for line in BufReader::new(reader).lines() {
            let line = line.unwrap();
            if line.starts_with('x') {
                seen += 1;
            } else {
                let event: serde_json::Value = serde_json::from_str(&line).expect(&line);
                told.push(event["lost"].as_u64().expect("it says how many"));
            }
        }
        assert_eq!(told, [10_200 - seen]);
    }

    #[test]
    fn a_panic_waits_for_what_was_sent() {
        struct Slow(Arc<Mutex<Vec<u8>>>);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                thread::sleep(Duration::from_millis(20));
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let written = Arc::default();
        let stderr = Stderr::default();
        let queue = Queue::start(Slow(Arc::clone(&written)), tell).map(|queue| Queue {
            last_words: Duration::from_secs(10),
            ..queue
        });
        stderr.0.set(queue).unwrap();
        let panicked = std::panic::catch_unwind(|| {
            let _last_words = super::super::LastWords(stderr.clone());
            stderr.send(b"all of it");
            panic!("the canary sings");
        });
        assert!(panicked.is_err());
        assert_eq!(*written.lock().unwrap(), b"all of it");
    }

    #[test]
    fn what_was_sent_is_written_before_the_end() {
        let (mut reader, writer) = io::pipe().unwrap();
        let queue = Queue::start(writer, tell).unwrap();
        for number in 0..100 {
            queue.send(format!("{number}\n").as_bytes());
        }
        queue.flush();
        let mut text = [0; 290];
        io::Read::read_exact(&mut reader, &mut text).unwrap();
        assert!(text.ends_with(b"98\n99\n"));
    }
}
