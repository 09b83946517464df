//! One run of a script, on the thread that is its own.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rhai::{Dynamic, Engine, Position, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{LONGEST_CODE, Library};
use crate::error::{At, ScriptError};
use crate::json;
use crate::memory::Memory;

/// How often a script's time, memory and cancellation are looked at, in operations.
const LOOK: u64 = 16;

/// What a script returned and printed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Executed {
    /// The value of the script's last expression.
    pub result: Value,
    /// What it printed, a line for each `print`.
    pub printed: String,
    /// Whether some of what it printed was left out.
    pub truncated: bool,
    /// How many operations it made.
    pub operations: u64,
}

/// What a script is run with.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) code: String,
    pub(crate) input: Value,
    pub(crate) limits: Limits,
    /// Set when nobody waits for it any more.
    pub(crate) abandoned: Arc<AtomicBool>,
    /// Set when the server stops.
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) memory: Arc<Memory>,
    /// What the server occupied before any script ran.
    pub(crate) baseline: u64,
}

/// How much a script may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_operations: u64,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Instant,
    pub(crate) memory: u64,
    pub(crate) max_output: usize,
}

/// Why a script was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    Operations,
    Time,
    Memory,
    Cancelled,
}

/// How far a script got, and why no further. Set once, it holds: a sort goes on when its comparison fails.
#[derive(Debug, Default)]
struct Progress {
    operations: AtomicU64,
    stopped: OnceLock<Stopped>,
}

/// What was printed, up to a limit.
#[derive(Debug, Default)]
struct Printed {
    text: String,
    truncated: bool,
}

impl Script {
    /// Runs it to its end.
    pub(crate) fn run(self, library: &Library) -> Result<Executed, ScriptError> {
        if self.code.len() > LONGEST_CODE {
            return Err(ScriptError::TooLong(self.code.len()));
        }
        let limits = self.limits;
        let mut engine = library.engine();
        let printed = printing(&mut engine, limits.max_output);
        let progress = watch(&mut engine, &self);
        let input = json::into_script(self.input);
        engine
            .ensure_data_size_within_limits(&input)
            .map_err(|_| ScriptError::LargeInput)?;
        let mut scope = Scope::new();
        scope.push_constant_dynamic("input", input);
        let code = engine.compile_with_scope(&scope, &self.code);
        let code = code.map_err(|error| ScriptError::parsing(&error))?;
        let value = engine.eval_ast_with_scope::<Dynamic>(&mut scope, &code);
        let at = value
            .as_ref()
            .map_or_else(|error| error.position(), |_| Position::NONE);
        if let Some(stopped) = progress.stopped.get() {
            let at = At::of(at);
            return Err(match stopped {
                Stopped::Operations => ScriptError::Operations(at, limits.max_operations),
                Stopped::Time => ScriptError::Time(at, millis(limits.timeout)),
                Stopped::Memory => ScriptError::Memory(at, limits.memory >> 20),
                Stopped::Cancelled => ScriptError::Cancelled,
            });
        }
        let value = value.map_err(|error| ScriptError::running(*error))?;
        drop(scope);
        let result = json::from_script(value, limits.max_output)?;
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Executed {
            result,
            printed: std::mem::take(&mut printed.text),
            truncated: printed.truncated,
            operations: progress.operations.load(Ordering::Relaxed),
        })
    }
}

/// Catches what a script prints.
fn printing(engine: &mut Engine, most: usize) -> Arc<Mutex<Printed>> {
    let printed = Arc::new(Mutex::new(Printed::default()));
    let (print, debug) = (Arc::clone(&printed), Arc::clone(&printed));
    let take = move |printed: &Mutex<Printed>, line: &str| {
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        let room = most.saturating_sub(printed.text.len());
        if printed.truncated || line.len() + 1 > room {
            printed.truncated = true;
            return;
        }
        printed.text.push_str(line);
        printed.text.push('\n');
    };
    engine.on_print(move |line| take(&print, line));
    engine.on_debug(move |line, _, _| take(&debug, line));
    printed
}

/// Looks at operations, time, memory and cancellation as the script goes on.
fn watch(engine: &mut Engine, script: &Script) -> Arc<Progress> {
    let limits = script.limits;
    let most = script.baseline.saturating_add(limits.memory);
    let (abandoned, stopping) = (Arc::clone(&script.abandoned), Arc::clone(&script.stopping));
    let memory = Arc::clone(&script.memory);
    let progress = Arc::new(Progress::default());
    let shared = Arc::clone(&progress);
    // The interpreter's own count starts anew in every function that is called back (by `map`, say), and
    // forgets what was done there. So it is not used.
    engine.on_progress(move |_| {
        let count = progress.operations.fetch_add(1, Ordering::Relaxed) + 1;
        if progress.stopped.get().is_some() {
            return Some(Dynamic::UNIT);
        }
        let why = if count > limits.max_operations {
            Stopped::Operations
        } else if !count.is_multiple_of(LOOK) {
            return None;
        } else if abandoned.load(Ordering::Relaxed) || stopping.load(Ordering::Relaxed) {
            Stopped::Cancelled
        } else if Instant::now() >= limits.deadline {
            Stopped::Time
        } else if memory.occupied().is_none_or(|occupied| occupied > most) {
            Stopped::Memory
        } else {
            return None;
        };
        progress.stopped.get_or_init(|| why);
        Some(Dynamic::UNIT)
    });
    shared
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
