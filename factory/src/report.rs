//! What the user sees while something happens: talk on stderr, data on stdout.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use anstream::{AutoStream, ColorChoice};
use serde_json::{Map, Value, json};

use crate::error::{Error, render, to_json};

/// How much is said, and to whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Human,
    /// One JSON object per line, on stdout.
    Json,
}

/// The way out for everything that is said.
#[derive(Debug)]
pub(crate) struct Report {
    format: Format,
    quiet: bool,
    verbose: u8,
    color: ColorChoice,
    /// Whether a line on stderr can be written over.
    live: bool,
    shown: Option<Instant>,
}

/// Long enough to read, short enough to feel alive.
const REDRAW: Duration = Duration::from_millis(80);
const HEADING: &str = "\u{1b}[1;32m";
const WARNING: &str = "\u{1b}[1;33m";
const PLAIN: &str = "\u{1b}[0m";

impl Report {
    pub(crate) fn new(format: Format, quiet: bool, verbose: u8, color: ColorChoice) -> Self {
        let terminal = io::stderr().is_terminal();
        let live = terminal && !quiet && verbose == 0 && format == Format::Human;
        Self {
            format,
            quiet,
            verbose,
            color,
            live,
            shown: None,
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether cargo's own words are wanted too.
    pub(crate) const fn verbose(&self) -> u8 {
        self.verbose
    }

    /// Whether colours arrive on stderr.
    pub(crate) fn colored(&self) -> bool {
        match self.color {
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        }
    }

    /// A step is done: a verb, what came of it, and the same for programs.
    pub(crate) fn step(&mut self, verb: &str, text: &str, event: &Value) {
        if self.is_json() {
            self.event(event);
        } else {
            self.line(verb, text);
        }
    }

    /// A line that only people need.
    pub(crate) fn line(&mut self, verb: &str, text: &str) {
        if !self.quiet && !self.is_json() {
            self.say(&format!("{HEADING}{verb:>10}{PLAIN} {text}"));
        }
    }

    /// Something that the user should know, and that stops nothing.
    pub(crate) fn warn(&mut self, text: &str) {
        if self.is_json() {
            self.event(&json!({ "warning": text }));
        } else {
            self.say(&format!("{WARNING}{:>10}{PLAIN} {text}", "Note"));
        }
    }

    /// How far a long step is. Drawn over itself on a terminal, not at all elsewhere.
    pub(crate) fn progress(&mut self, verb: &str, done: usize, total: usize, what: &str) {
        if self.is_json() {
            self.event(&json!({ "step": "compile", "done": done, "total": total, "crate": what }));
            return;
        }
        if !self.live || self.shown.is_some_and(|shown| shown.elapsed() < REDRAW) {
            return;
        }
        self.shown = Some(Instant::now());
        let width = 20;
        let filled = (width * done.min(total)).checked_div(total).unwrap_or(0);
        let bar: String = (0..width)
            .map(|index| if index < filled { '█' } else { '░' })
            .collect();
        let line =
            format!("\r\u{1b}[2K{HEADING}{verb:>10}{PLAIN} {bar} {done}/{total}  {what:.40}");
        self.write_stderr(&line);
    }

    /// Removes the line that `progress` draws.
    fn clear(&mut self) {
        if self.shown.take().is_some() {
            self.write_stderr("\r\u{1b}[2K");
        }
    }

    /// A line for people.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        self.write_stderr(&format!("{text}\n"));
    }

    /// A line for programs.
    pub(crate) fn event(&mut self, event: &Value) {
        self.data(&format!("{event}\n"));
    }

    /// The last line of a command for programs: its result.
    pub(crate) fn result(&mut self, fields: Value) {
        let mut event = Map::from_iter([("result".to_owned(), json!("ok"))]);
        if let Value::Object(fields) = fields {
            event.extend(fields);
        }
        self.event(&Value::Object(event));
    }

    /// What was asked for, on stdout.
    pub(crate) fn data(&mut self, text: &str) {
        self.clear();
        let mut stdout = AutoStream::new(io::stdout(), self.color);
        // A reader that went away, such as `head`, has had enough.
        let _written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    /// Why a command failed.
    pub(crate) fn error(&mut self, error: &Error) {
        if self.is_json() {
            let errors: Vec<Value> = error.0.iter().map(to_json).collect();
            self.event(&json!({ "result": "error", "exit": error.exit() as u8, "errors": errors }));
            return;
        }
        let texts: Vec<String> = error.0.iter().map(render).collect();
        self.say(&texts.join("\n\n"));
    }

    fn write_stderr(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.color);
        // There is nowhere left to complain.
        let _written = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
    }
}
