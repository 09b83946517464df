//! What the server says about itself, on stderr or in a file, and nowhere else.

mod lines;
mod stderr;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;
use std::str::FromStr;
use std::sync::OnceLock;

use mcp_factory_guard::LogFile;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use lines::Lines;
use stderr::Stderr;

/// The library's own lines tell a request's arguments, so it is kept quiet.
const DEFAULT: &str = "warn,mcp_factory=info,rmcp=error";

/// Which events are told: a level, or directives such as `warn,mcp_factory=debug`.
#[derive(Debug, Clone)]
pub(crate) struct Filter(Targets);

impl Default for Filter {
    fn default() -> Self {
        Self(DEFAULT.parse().expect("the default filter is well-formed"))
    }
}

impl Filter {
    /// Warnings and errors only: for commands that print an answer.
    pub(crate) fn warnings() -> Self {
        Self(Targets::new().with_default(LevelFilter::WARN))
    }
}

impl FromStr for Filter {
    type Err = String;

    /// A bare level is the level of the server and its plugins; the MCP library stays at `warn`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no log level: write error, warn, info, debug, trace or off, or directives such as `warn,mcp_factory=debug`"
            )
        };
        let named = |text: &str| {
            matches!(
                text.to_ascii_lowercase().as_str(),
                "off" | "error" | "warn" | "info" | "debug" | "trace"
            )
        };
        if let Ok(level) = text.parse::<LevelFilter>() {
            if !named(text) {
                return Err(wrong());
            }
            let library = level.min(LevelFilter::WARN);
            return Ok(Self(
                Targets::new()
                    .with_default(level)
                    .with_target("rmcp", library),
            ));
        }
        // A directive without a level would silently mean "everything".
        let complete = text.split(',').all(|directive| {
            directive.rsplit_once('=').map_or_else(
                || named(directive.trim()),
                |(target, level)| !target.is_empty() && named(level.trim()),
            )
        });
        if complete {
            text.parse().map(Self).map_err(|_| wrong())
        } else {
            Err(wrong())
        }
    }
}

/// Where the filter of the running process is changed.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Which events are told now, in words that [`change`] takes.
pub(crate) fn filter() -> String {
    let now = FILTER
        .get()
        .and_then(|filter| filter.with_current(ToString::to_string).ok());
    now.unwrap_or_else(|| "off".to_owned())
}

/// Tells other events from now on, and returns which. The words are those of `log.level`; the library stays quiet
/// whatever they say, for they come from whoever reaches the management port, and not from the operator's file.
/// The log tells of it before and after: silence has a last line that says how it began.
///
/// # Errors
/// Words that are no level, or a process that does not log.
pub(crate) fn change(words: &str) -> Result<String, String> {
    let Filter(wanted) = words.parse()?;
    let handle = FILTER.get().ok_or(NO_LOG)?;
    change_in(handle, &wanted).map_err(|_| NO_LOG.to_owned())
}

const NO_LOG: &str = "this process does not log";

fn change_in(
    handle: &reload::Handle<Targets, Registry>,
    wanted: &Targets,
) -> Result<String, reload::Error> {
    let wanted = without_arguments(wanted);
    let (before, after) = (
        handle.with_current(ToString::to_string)?,
        wanted.to_string(),
    );
    tell_of_change(&before, &after);
    handle.reload(wanted)?;
    tell_of_change(&before, &after);
    Ok(after)
}

/// At the lowest level that is told: it is no error, and nobody shall miss it.
fn tell_of_change(before: &str, after: &str) {
    const WORDS: &str = "the level of the log is changed on the management port";
    if tracing::enabled!(Level::INFO) {
        tracing::info!(before, after, "{WORDS}");
    } else if tracing::enabled!(Level::WARN) {
        tracing::warn!(before, after, "{WORDS}");
    } else {
        tracing::error!(before, after, "{WORDS}");
    }
}

/// The same with the library at `warn` at most.
fn without_arguments(wanted: &Targets) -> Targets {
    let mut quiet = wanted.clone();
    for (target, level) in wanted {
        if target.starts_with("rmcp") && level > LevelFilter::WARN {
            quiet = quiet.with_target(target, LevelFilter::WARN);
        }
    }
    // By the default, or by a beginning of its name.
    if quiet.would_enable("rmcp", &Level::INFO) {
        quiet = quiet.with_target("rmcp", LevelFilter::WARN);
    }
    quiet
}

/// The one way to stderr of what is logged.
fn way_out() -> &'static Stderr {
    static WAY_OUT: OnceLock<Stderr> = OnceLock::new();
    WAY_OUT.get_or_init(Stderr::default)
}

/// Starts logging for the whole process, to `file` or to stderr. A second call changes nothing.
pub(crate) fn start(filter: Filter, json: bool, file: Option<LogFile>) {
    let way_out = way_out();
    let colours = file.is_none() && io::stderr().is_terminal();
    if let Some(file) = file {
        way_out.to(file);
    }
    let (filter, handle) = reload::Layer::new(filter.0);
    let subscriber = subscriber(filter, json, colours, way_out.clone());
    if subscriber.try_init().is_err() || FILTER.set(handle).is_err() {
        tracing::debug!("logging was already started");
        return;
    }
    // A panic is told like everything else, so that it does not wait for a reader either.
    std::panic::set_hook(Box::new(move |panic| {
        let words = panicked(panic);
        let words = if json { lines::panicked(&words) } else { words };
        way_out.send(words.as_bytes());
    }));
}

/// Waits a moment for the last lines to be written when it is dropped, in a panic too.
#[derive(Debug)]
pub(crate) struct LastWords(Stderr);

/// To be held as long as the process has something to say.
pub(crate) fn last_words() -> LastWords {
    LastWords(way_out().clone())
}

impl Drop for LastWords {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// What the standard library says of a panic.
fn panicked(panic: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = panic
        .location()
        .map_or_else(String::new, ToString::to_string);
    let words = panic.payload_as_str().unwrap_or("Box<dyn Any>");
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => format!("stack backtrace:\n{backtrace}\n"),
        _ => String::new(),
    };
    format!("thread '{name}' panicked at {place}:\n{words}\n{backtrace}")
}

fn subscriber<W>(
    filter: reload::Layer<Targets, Registry>,
    json: bool,
    colours: bool,
    writer: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let form = Lines {
        json,
        text: Format::default(),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(colours && !json)
        .event_format(form);
    Registry::default().with(lines.with_filter(filter))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, json: bool) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let filter = if filter.is_empty() {
            Filter::default()
        } else {
            filter.parse().unwrap()
        };
        let (filter, _) = reload::Layer::new(filter.0);
        let subscriber = subscriber(filter, json, true, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "rmcp::service", secret = "argument", "library");
            tracing::info!(target: "mcp_factory_server::http", "server");
            tracing::debug!(target: "mcp_factory_server::http", "detail");
            tracing::info!(target: "acme_jira", "plugin");
            tracing::error!(target: "rmcp", "failure\nmcp_factory: forged line");
        });
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_library_is_quiet_by_default() {
        let text = logged("", false);
        assert!(
            text.contains("server") && text.contains("failure"),
            "{text}"
        );
        assert!(
            !text.contains("argument") && !text.contains("detail") && !text.contains("plugin"),
            "{text}"
        );
        let text = logged("debug", false);
        assert!(
            text.contains("detail") && text.contains("plugin") && !text.contains("argument"),
            "{text}"
        );
        assert!(logged("off", false).is_empty());
    }

    #[test]
    fn json_is_one_object_a_line_without_colours() {
        let text = logged("info", true);
        for line in text.lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect(line);
            assert!(
                event["msg"].is_string() && event["logger"].is_string(),
                "{line}"
            );
            assert!(
                event["ts"].is_string() && event["trace_id"].is_null(),
                "{line}"
            );
        }
        assert!(text.lines().count() >= 3 && !text.contains('\u{1b}'));
    }

    #[tokio::test]
    async fn lines_of_a_call_name_its_trace() {
        let (text, json) = mcp_factory_sdk::trace::within(7, async {
            (logged("warn", false), logged("warn", true))
        })
        .await;
        let id = format!("{:032x}", 7);
        assert!(
            text.trim_end().ends_with(&format!("trace_id={id}")),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2, "a forged line is none: {text}");
        let line: serde_json::Value = serde_json::from_str(json.trim_end()).unwrap();
        assert_eq!(line["trace_id"], id.as_str());
        assert_eq!(
            (&line["level"], &line["logger"]),
            (&"error".into(), &"rmcp".into())
        );
    }

    /// What is in the log when it is changed from `before` to `after`, and what that came to.
    fn changed(before: &str, after: &str) -> (String, String) {
        let memory = Memory::default();
        let writer = memory.clone();
        let filter: Filter = before.parse().unwrap();
        let (filter, handle) = reload::Layer::new(filter.0);
        let subscriber = subscriber(filter, false, false, move || writer.clone());
        let now = tracing::subscriber::with_default(subscriber, || {
            let after: Filter = after.parse().unwrap();
            let now = change_in(&handle, &after.0).unwrap();
            tracing::info!(target: "rmcp", "argument");
            tracing::info!(target: "rmcp::service", "argument");
            now
        });
        let bytes = memory.0.lock().unwrap().clone();
        (now, String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_log_that_is_silenced_says_so_in_its_last_line() {
        for (before, after, lines, level) in [
            ("info", "off", 1, "INFO"),
            ("warn,mcp_factory=info", "off", 1, "INFO"),
            ("warn", "error", 2, "WARN"),
            ("error", "off", 1, "ERROR"),
            ("off", "info", 1, "INFO"),
        ] {
            let (_, text) = changed(before, after);
            assert_eq!(text.lines().count(), lines, "{before} {after}: {text}");
            assert!(
                text.contains("is changed on the management port") && text.contains(level),
                "{before} {after}: {text}"
            );
        }
    }

    #[test]
    fn no_words_from_the_port_make_the_library_tell_arguments() {
        for words in [
            "trace",
            "rmcp=trace",
            "warn,rmcp=info,rmcp::service=debug",
            "debug,mcp_factory=info",
            "off,rm=trace",
            "off,rmcp::service=trace",
        ] {
            let (now, text) = changed("info", words);
            assert!(!text.contains("argument"), "{words}: {now}: {text}");
        }
        // Less is allowed.
        let (now, _) = changed("info", "info,rmcp=off");
        assert!(now.contains("rmcp=off"), "{now}");
    }

    #[test]
    fn a_wrong_filter_is_refused() {
        for wrong in ["loud", "", "mcp_factory=loud", "mcp_factory", "info,,", "5"] {
            assert!(wrong.parse::<Filter>().is_err(), "{wrong}");
        }
        for fine in ["WARN", "warn,mcp_factory=debug", "off"] {
            assert!(fine.parse::<Filter>().is_ok(), "{fine}");
        }
    }
}
