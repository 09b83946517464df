//! The gate as the operator writes it.
//!
//! Not here: whether the secrets it names can be used (`source`).

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use mcp_factory_sdk::SecretReference;
use serde::Deserialize;

use crate::{Problem, duration};

/// How many wrong codes one caller may be allowed in a row: more is guessing.
const ATTEMPTS: RangeInclusive<u32> = 1..=20;
/// How many all callers may be allowed together.
const GROUP_ATTEMPTS: RangeInclusive<u32> = 1..=1_000;
/// Below this a lock-out stops nobody.
const SHORTEST: Duration = Duration::from_secs(1);
/// How many groups there may be.
const GROUPS: usize = 64;

/// The table `[gate]`: which groups of tools a second factor opens, and how often it may be wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GateConfig {
    /// How many wrong codes one caller may enter for one group before it is locked out: 1 to 20, 5 unless told.
    pub attempts: u32,
    /// How many wrong codes all callers together may enter for one group in the time of `lockout`, before
    /// nobody can open it: 1 to 1,000, 50 unless told. Who has opened it goes on.
    pub group_attempts: u32,
    /// How long a lock-out lasts: 1s to 24h, 15m unless told.
    #[serde(with = "duration")]
    pub lockout: Duration,
    /// The groups, by the names that tools know them by: `#[tool(gate = "shell")]`.
    pub groups: BTreeMap<String, GroupConfig>,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            attempts: 5,
            group_attempts: 50,
            lockout: Duration::from_mins(15),
            groups: BTreeMap::new(),
        }
    }
}

/// The table `[gate.groups.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupConfig {
    /// Where the authenticator's secret is: base32, at least 128 bits. `env:NAME` is read once, at the
    /// start; `file:PATH` before each code, so that a new secret counts at once.
    pub secret: SecretReference,
    /// How long the group stays open for a caller without a call of one of its tools: 1s to 24h, 2h unless told.
    #[serde(with = "duration", default = "inactivity")]
    pub inactivity: Duration,
}

const fn inactivity() -> Duration {
    Duration::from_hours(2)
}

impl GateConfig {
    /// What is wrong, as far as can be told without reading a secret; `groups` are those that tools name.
    pub fn problems(&self, groups: &[&str]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |fits: bool, path: &str, message: String| {
            if !fits {
                problems.push(Problem::new(path, message));
            }
        };
        for (path, number, range) in [
            ("attempts", self.attempts, ATTEMPTS),
            ("group_attempts", self.group_attempts, GROUP_ATTEMPTS),
        ] {
            let (least, most) = (range.start(), range.end());
            let message = format!("{number} is out of range: from {least} to {most}");
            check(range.contains(&number), path, message);
        }
        check(
            self.group_attempts >= self.attempts,
            "group_attempts",
            format!(
                "all callers together may enter {} wrong codes and one alone {}: write group_attempts = {} or more",
                self.group_attempts,
                self.attempts,
                self.attempts.saturating_mul(10)
            ),
        );
        check(self.lockout >= SHORTEST, "lockout", too_short(self.lockout));
        check(
            self.groups.len() <= GROUPS,
            "groups",
            format!(
                "there are {} groups, and at most {GROUPS} can be",
                self.groups.len()
            ),
        );
        for (name, group) in &self.groups {
            let path = format!("groups.{name}.inactivity");
            check(
                group.inactivity >= SHORTEST,
                &path,
                too_short(group.inactivity),
            );
        }
        problems.extend(self.missing(groups));
        problems
    }

    /// The groups that tools name and nobody configured, each once.
    fn missing(&self, groups: &[&str]) -> Vec<Problem> {
        let mut missing: Vec<&str> = groups
            .iter()
            .copied()
            .filter(|group| !self.groups.contains_key(*group))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let problem = |group: &str| {
            let key = if group.contains('.') {
                format!("\"{group}\"")
            } else {
                group.to_owned()
            };
            let variable = group.to_uppercase().replace(['-', '.'], "_");
            Problem::new(
                format!("groups.{group}"),
                format!(
                    "tools of this server stay locked until a second factor opens `{group}`, and it has no secret; \
                     add\n\n[gate.groups.{key}]\nsecret = \"env:{variable}_GATE\"\n\n\
                     and give the server and an authenticator app one secret: head -c 20 /dev/urandom | base32"
                ),
            )
        };
        missing.into_iter().map(problem).collect()
    }
}

fn too_short(time: Duration) -> String {
    format!("{time:?} is out of range: from 1s to 24h")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<GateConfig, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let config = read(r#"{"groups":{"shell":{"secret":"env:SHELL_GATE"}}}"#).expect("it reads");
        assert_eq!((config.attempts, config.group_attempts), (5, 50));
        assert_eq!(config.lockout, Duration::from_mins(15));
        assert_eq!(config.groups["shell"].inactivity, Duration::from_hours(2));
        assert_eq!(config.problems(&["shell"]), []);
        assert_eq!(GateConfig::default().problems(&[]), []);
    }

    #[test]
    fn a_misspelt_key_and_a_literal_secret_are_refused() {
        assert!(read(r#"{"atempts":5}"#).is_err());
        assert!(read(r#"{"groups":{"shell":{"secret":"env:A","idle":"1h"}}}"#).is_err());
        assert!(read(r#"{"groups":{"shell":{}}}"#).is_err());
        let error =
            read(r#"{"groups":{"shell":{"secret":"CANARYCANARY"}}}"#).expect_err("a literal");
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }

    #[test]
    fn every_number_has_its_range() {
        for (json, path) in [
            (r#"{"attempts":0}"#, "attempts"),
            (r#"{"attempts":21}"#, "attempts"),
            (r#"{"group_attempts":1001}"#, "group_attempts"),
            (r#"{"attempts":5,"group_attempts":4}"#, "group_attempts"),
            (r#"{"lockout":"999ms"}"#, "lockout"),
            (
                r#"{"groups":{"a":{"secret":"env:A","inactivity":"1ms"}}}"#,
                "groups.a.inactivity",
            ),
        ] {
            let problems = read(json).expect(json).problems(&[]);
            assert_eq!(problems.len(), 1, "{json}: {problems:?}");
            assert_eq!(problems[0].path, path, "{json}");
        }
        let groups: Vec<String> = (0..65)
            .map(|n| format!(r#""g{n}":{{"secret":"env:A"}}"#))
            .collect();
        let many = read(&format!(r#"{{"groups":{{{}}}}}"#, groups.join(","))).expect("it reads");
        assert_eq!(many.problems(&[])[0].path, "groups");
    }

    #[test]
    fn a_group_that_nobody_configured_is_told_with_the_lines_to_write() {
        let problems = GateConfig::default().problems(&["shell", "git-push", "shell", "z.z"]);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[2].message.contains("[gate.groups.\"z.z\"]"),
            "{problems:?}"
        );
        assert_eq!(problems[0].path, "groups.git-push");
        assert!(
            problems[0]
                .message
                .contains("secret = \"env:GIT_PUSH_GATE\""),
            "{problems:?}"
        );
        assert!(
            problems[1].message.contains("[gate.groups.shell]"),
            "{problems:?}"
        );
    }
}
