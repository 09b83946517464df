//! A place to think step by step, with revisions and branches.
//!
//! The tool notes a thought and answers where the thinking stands; the thinking is the model's. What is
//! noted is kept for each caller, within bounds, for a while.

#![forbid(unsafe_code)]

mod history;
mod minds;
mod thought;

use std::time::Duration;

use mcp_factory_sdk::{Health, parse_duration, prelude::*};

pub use thought::{Standing, Thought};

use minds::{Bounds, Minds};

/// The longest that anything is kept.
const LONGEST: Duration = Duration::from_hours(24 * 7);

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many callers' thoughts are kept; then the one who was away the longest is forgotten.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_callers: usize,
    /// How many thoughts of each caller are kept; then the oldest is forgotten.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_thoughts: usize,
    /// How many bytes of thoughts of each caller are kept.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub max_bytes: usize,
    /// How long a caller may be away before their thoughts are forgotten.
    pub expiry: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_callers: 200,
            max_thoughts: 500,
            max_bytes: 256 << 10,
            expiry: "1h".to_owned(),
        }
    }
}

/// The plugin: everybody's thoughts, apart.
#[derive(Debug)]
pub struct SequentialThinking {
    minds: Minds,
}

impl Plugin for SequentialThinking {
    type Config = Config;

    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        for (key, value, most) in [
            ("max_callers", config.max_callers, 100_000),
            ("max_thoughts", config.max_thoughts, 100_000),
            ("max_bytes", config.max_bytes, 16 << 20),
        ] {
            if value == 0 || value > most {
                return Err(StartError::new(format!("`{key}` must be from 1 to {most}")));
            }
        }
        let expiry = parse_duration(&config.expiry)
            .map_err(|error| StartError::new(format!("`expiry`: {error}")))?;
        if expiry.is_zero() || expiry > LONGEST {
            return Err(StartError::new(
                "`expiry` must be more than nothing and at most 168h",
            ));
        }
        let bounds = Bounds {
            callers: config.max_callers,
            thoughts: config.max_thoughts,
            bytes: config.max_bytes,
            expiry,
        };
        Ok(Self {
            minds: Minds::new(bounds),
        })
    }

    async fn health(&self) -> Health {
        let held = self.minds.held();
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        let number = |count: usize| count as f64;
        Health::ok()
            .gauge("callers", number(held.callers))
            .gauge("thoughts", number(held.thoughts))
            .gauge("bytes", number(held.bytes))
    }
}

/// Thinking in steps, for problems that one look does not solve.
#[plugin(name = "sequential-thinking")]
impl SequentialThinking {
    /// Notes one step of thinking and tells where it stands. Use it for problems whose shape shows only on the
    /// way: plans, analyses, designs, searches for a cause.
    ///
    /// Begin with a guess of `totalThoughts` and change it as you learn. Say one thing in each thought. Question
    /// earlier thoughts: revise one with `isRevision` and `revisesThought`, or follow another idea from it with
    /// `branchFromThought` and `branchId`. State a hypothesis, check it against the thoughts before, and go on
    /// until you are content; only then set `nextThoughtNeeded` to false.
    #[tool(
        scope = "read",
        title = "Sequential thinking",
        name = "sequentialthinking",
        read_only,
        idempotent = false
    )]
    async fn sequential_thinking(
        &self,
        cx: &Context,
        /// This step.
        #[arg(min_length = 1, max_length = 65_536)]
        thought: String,
        /// Whether another step follows.
        #[arg(name = "nextThoughtNeeded")]
        next_thought_needed: bool,
        /// The number of this step, from 1.
        #[arg(name = "thoughtNumber", minimum = 1)]
        thought_number: u32,
        /// How many steps there will be, by your present guess.
        #[arg(name = "totalThoughts", minimum = 1)]
        total_thoughts: u32,
        /// This step corrects an earlier one.
        #[arg(name = "isRevision")]
        is_revision: Option<bool>,
        /// The number of the step that it corrects.
        #[arg(name = "revisesThought", minimum = 1)]
        revises_thought: Option<u32>,
        /// The number of the step at which this branch began.
        #[arg(name = "branchFromThought", minimum = 1)]
        branch_from_thought: Option<u32>,
        /// The name of the branch.
        #[arg(name = "branchId", max_length = 100)]
        branch_id: Option<String>,
        /// More steps are needed after all.
        #[arg(name = "needsMoreThoughts")]
        needs_more_thoughts: Option<bool>,
    ) -> Standing {
        let thought = Thought {
            text: thought,
            number: thought_number,
            // A guess that was too low is corrected.
            total: total_thoughts.max(thought_number),
            next_needed: next_thought_needed,
            needs_more: needs_more_thoughts.unwrap_or_default(),
            is_revision: is_revision.unwrap_or(revises_thought.is_some()),
            revises: revises_thought,
            branch: branch_from_thought.zip(branch_id),
        };
        self.minds.note(cx.principal().key(), thought)
    }

    /// What the caller has thought so far, oldest first.
    #[resource(
        uri = "thinking://history",
        scope = "read",
        name = "history",
        title = "Thoughts so far",
        mime_type = "text/plain"
    )]
    async fn history(&self, cx: &Context) -> String {
        let text = self.minds.text(cx.principal().key());
        text.unwrap_or_else(|| "Nothing yet.".to_owned())
    }
}
