//! The memo: what callers found out, kept in memory for each of them and never in the database.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::SqliteError;

/// How many callers have a memo at one time; that of the one who was silent longest goes first.
const MOST_CALLERS: usize = 256;

/// What was added to the memo.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Added {
    /// How many insights the memo holds now.
    pub count: usize,
    /// Whether the oldest insight made room for this one.
    pub dropped_oldest: bool,
}

/// The memos of all callers.
#[derive(Debug)]
pub struct Insights {
    most: usize,
    memos: Mutex<Memos>,
}

#[derive(Debug, Default)]
struct Memos {
    of: HashMap<String, VecDeque<String>>,
    /// The callers, the one that added last at the end.
    order: VecDeque<String>,
}

impl Insights {
    /// With room for `most` insights of each caller.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            memos: Mutex::default(),
        }
    }

    /// Adds to the memo of `caller`.
    ///
    /// # Errors
    /// When the memo is turned off, or the insight says nothing.
    pub fn add(&self, caller: &str, insight: &str) -> Result<Added, SqliteError> {
        if self.most == 0 {
            return Err(SqliteError::NoMemo);
        }
        let insight = insight.trim();
        if insight.is_empty() {
            return Err(SqliteError::EmptyInsight);
        }
        let mut memos = self.memos.lock().unwrap_or_else(PoisonError::into_inner);
        memos.order.retain(|name| name != caller);
        memos.order.push_back(caller.to_owned());
        if memos.order.len() > MOST_CALLERS
            && let Some(silent) = memos.order.pop_front()
        {
            memos.of.remove(&silent);
        }
        let memo = memos.of.entry(caller.to_owned()).or_default();
        let dropped_oldest = memo.len() == self.most;
        if dropped_oldest {
            memo.pop_front();
        }
        memo.push_back(insight.to_owned());
        Ok(Added {
            count: memo.len(),
            dropped_oldest,
        })
    }

    /// The memo of `caller`, as text.
    pub fn memo(&self, caller: &str) -> String {
        let memos = self.memos.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(memo) = memos.of.get(caller) else {
            return "No insights yet. append_insight adds one.\n".to_owned();
        };
        let mut text = format!("# Insights\n\n{} so far:\n\n", memo.len());
        for insight in memo {
            text.push_str("- ");
            // A line break stays inside of its item.
            text.push_str(&insight.replace('\n', "\n  "));
            text.push('\n');
        }
        text
    }

    /// How many memos there are.
    pub fn memos(&self) -> usize {
        let memos = self.memos.lock().unwrap_or_else(PoisonError::into_inner);
        memos.of.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_memo_and_both_are_bounded() {
        let insights = Insights::new(2);
        for (text, count, dropped_oldest) in [
            ("one", 1, false),
            ("two\nlines", 2, false),
            ("three", 2, true),
        ] {
            let added = Added {
                count,
                dropped_oldest,
            };
            assert_eq!(insights.add("a", text).unwrap(), added);
        }
        assert_eq!(
            insights.memo("a"),
            "# Insights\n\n2 so far:\n\n- two\n  lines\n- three\n"
        );
        assert!(insights.memo("b").starts_with("No insights yet"));
        for caller in 0..1000 {
            insights.add(&format!("caller {caller}"), "x").unwrap();
        }
        assert_eq!(insights.memos(), MOST_CALLERS);
        assert!(insights.memo("a").starts_with("No insights yet"));
        assert!(insights.add("a", " ").is_err());
        assert!(Insights::new(0).add("a", "x").is_err());
    }
}
