//! Why there is no answer, in words for the model. No URL, key or text of an engine is in any of them.

use std::time::Duration;

use crate::{
    attempt::{Attempt, Trail},
    day::Over,
    failure::{Failure, Reason},
};

/// At most so many engines are told of in one message.
const TOLD: usize = 8;

/// A call without an answer.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is a sentence")]
pub enum ChatError {
    // Arguments.
    #[error("give either `prompt` or `messages`")]
    NothingSaid,
    #[error("give either `prompt` or `messages`, not both; `system` goes with either")]
    SaidTwice,
    #[error("the last of `messages` must be of role `user`: it is what is answered")]
    NotTheUsersTurn,
    #[error("the text has {size} bytes and the limit is {limit}; shorten it, or send it in parts")]
    TooLong { size: usize, limit: usize },
    #[error("no engine has the mode `{mode}`; known: {known}")]
    UnknownMode { mode: String, known: String },
    #[error("no engine in this mode is called `{model}` or runs it; list_engines names them")]
    UnknownModel { model: String },
    #[error("`json_schema` cannot be used: {0}")]
    BadSchema(String),
    #[error("`labels` has `{0}` twice (letter case does not count); name each once")]
    DoubleLabel(String),
    #[error("a label is empty or has more than 100 characters")]
    BadLabel,
    #[error("the text is empty; give something to work on")]
    EmptyText,

    // Circumstances.
    #[error("{0} calls are running already; try again in a moment")]
    Busy(usize),
    #[error("no engine answered. {told}{hint}")]
    Exhausted { told: String, hint: String },
    #[error(
        "the time is up before an engine answered. {told}; pass a larger `timeout_ms`, or ask for less"
    )]
    OutOfTime { told: String },
    #[error("the budget of {whose} is used up; it begins anew in {left}, at midnight UTC")]
    OverBudget { whose: &'static str, left: String },
    #[error(
        "the text is too long for the context window of every engine that may be asked; shorten it, or send it in parts"
    )]
    TooLongForAll,
    #[error(
        "the engine `{engine}` refused the request ({detail}); other engines were not asked, since they would refuse it too. Change the request"
    )]
    Rejected { engine: String, detail: String },
    #[error(
        "the content filter of the engine `{engine}` stopped this; other engines were not asked. Change the request"
    )]
    Filtered { engine: String },
    #[error(
        "the answer does not fit, also after one repair: {0}. Ask for less at once, or simplify what is asked for"
    )]
    Unfit(String),
    #[error(
        "the answer was cut at its limit before it was complete; pass a larger `max_tokens`, or ask for less"
    )]
    Cut,
    #[error("the request cannot be written as JSON")]
    Unwritable,
}

impl ChatError {
    /// Where the chain stopped on purpose.
    pub(crate) fn stopped(engine: &str, failure: &Failure) -> Self {
        let engine = engine.to_owned();
        if failure.reason == Reason::ContentFilter {
            return Self::Filtered { engine };
        }
        let mut detail = failure.status.map_or_else(
            || "no status".to_owned(),
            |status| format!("status {}", status.as_u16()),
        );
        for (what, word) in [("code", &failure.code), ("parameter", &failure.parameter)] {
            if let Some(word) = word {
                for part in [", ", what, " `", word, "`"] {
                    detail.push_str(part);
                }
            }
        }
        Self::Rejected { engine, detail }
    }

    /// The end of the chain.
    pub(crate) fn exhausted(
        attempts: &[Attempt],
        over: Option<(Over, Duration)>,
        ready_in: Option<Duration>,
    ) -> Self {
        let worked = |reason: Reason| attempts.iter().any(|attempt| attempt.reason == reason);
        let only = |allowed: &[Reason]| {
            attempts
                .iter()
                .all(|attempt| allowed.contains(&attempt.reason))
        };
        if let Some((over, left)) = over
            && only(&[Reason::SkippedBudget, Reason::SkippedNoKey])
        {
            let whose = match over {
                Over::Total => "this server for today",
                Over::Caller => "this caller for today",
            };
            return Self::OverBudget {
                whose,
                left: words(left),
            };
        }
        if worked(Reason::ContextLength)
            && only(&[
                Reason::ContextLength,
                Reason::SkippedWindow,
                Reason::SkippedNoKey,
            ])
        {
            return Self::TooLongForAll;
        }
        let hint = ready_in.map_or_else(
            || "; ask the server's operator".to_owned(),
            |left| format!("; try again in {}", words(left)),
        );
        Self::Exhausted {
            told: told(attempts),
            hint,
        }
    }

    pub(crate) fn out_of_time(attempts: &[Attempt]) -> Self {
        Self::OutOfTime {
            told: told(attempts),
        }
    }
}

/// What became of each engine, in short.
fn told(attempts: &[Attempt]) -> String {
    let mut told: Vec<String> = attempts
        .iter()
        .take(TOLD)
        .map(|attempt| {
            let status = attempt
                .status
                .map_or_else(String::new, |status| format!(" ({status})"));
            format!("`{}` {}{status}", attempt.engine, attempt.reason.words())
        })
        .collect();
    if attempts.len() > TOLD {
        told.push(format!("and {} more", attempts.len() - TOLD));
    }
    if told.is_empty() {
        told.push("None was asked".to_owned());
    }
    told.join("; ")
}

/// A length of time for people.
fn words(length: Duration) -> String {
    match length.as_millis().div_ceil(1_000) {
        0..=1 => "a moment".to_owned(),
        seconds @ 2..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
    }
}

/// An error, and what was tried until then.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: ChatError,
    pub(crate) trail: Trail,
}

impl From<ChatError> for Failed {
    fn from(error: ChatError) -> Self {
        Self {
            error,
            trail: Trail::default(),
        }
    }
}
