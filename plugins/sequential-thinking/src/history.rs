//! The thoughts of one caller: a bounded list, the oldest forgotten first.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::thought::{Standing, Thought};

/// How many branches are told of.
const MOST_BRANCHES: usize = 100;

/// The thoughts of one caller.
#[derive(Debug)]
pub(crate) struct History {
    thoughts: VecDeque<Thought>,
    branches: Vec<String>,
    bytes: usize,
    pub(crate) used: Instant,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            thoughts: VecDeque::new(),
            branches: Vec::new(),
            bytes: 0,
            used: Instant::now(),
        }
    }

    /// Adds a thought and forgets the oldest ones beyond the limits; the new one stays in any case.
    pub(crate) fn add(&mut self, thought: Thought, most: usize, most_bytes: usize) -> Standing {
        self.used = Instant::now();
        if let Some((_, id)) = &thought.branch
            && !self.branches.contains(id)
        {
            if self.branches.len() == MOST_BRANCHES {
                self.branches.remove(0);
            }
            self.branches.push(id.clone());
        }
        let mut standing = Standing {
            thought_number: thought.number,
            total_thoughts: thought.total,
            next_thought_needed: thought.next_needed,
            branches: self.branches.clone(),
            thought_history_length: 0,
        };
        self.bytes += thought.size();
        self.thoughts.push_back(thought);
        while self.thoughts.len() > 1 && (self.thoughts.len() > most || self.bytes > most_bytes) {
            self.bytes -= self
                .thoughts
                .pop_front()
                .map_or(0, |thought| thought.size());
        }
        standing.thought_history_length = self.thoughts.len();
        standing
    }

    pub(crate) fn len(&self) -> usize {
        self.thoughts.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// All thoughts, as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(self.bytes);
        for thought in &self.thoughts {
            thought.write_to(&mut text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn thought(number: u32, text: &str) -> Thought {
        Thought {
            text: text.to_owned(),
            number,
            total: number,
            next_needed: true,
            needs_more: false,
            is_revision: false,
            revises: None,
            branch: None,
        }
    }

    #[test]
    fn branches_are_bounded_and_named_once() {
        let mut history = History::new();
        for number in 0..150 {
            for _ in 0..2 {
                let branch = Some((1, format!("b{number}")));
                history.add(
                    Thought {
                        branch,
                        ..thought(1, "x")
                    },
                    1_000,
                    1 << 20,
                );
            }
        }
        assert_eq!(
            (history.branches.len(), history.branches[0].as_str()),
            (MOST_BRANCHES, "b50")
        );
    }

    proptest! {
        /// Never more than the limits, never without the newest, and the bytes are those of what is there.
        #[test]
        fn a_history_stays_bounded(texts in prop::collection::vec("[a-z]{0,400}", 1..60), most in 1_usize..20, most_bytes in 1_usize..5_000) {
            let mut history = History::new();
            for (number, text) in texts.iter().enumerate() {
                let number = u32::try_from(number).expect("few");
                history.add(thought(number, text), most, most_bytes);
                prop_assert!(history.len() <= most);
                prop_assert!(history.bytes() <= most_bytes || history.len() == 1);
                let sizes: usize = history.thoughts.iter().map(Thought::size).sum();
                prop_assert_eq!(history.bytes(), sizes);
                prop_assert_eq!(history.thoughts.back().map(|thought| thought.number), Some(number));
            }
        }
    }
}
