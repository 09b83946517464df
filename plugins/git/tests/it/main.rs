//! The git plugin against the `git` command: what it says is compared, what it must not do is provoked.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::similar_names,
    reason = "tests may panic and reach the file system by path; short integers are written on purpose"
)]

mod answers;
mod bombs;
mod caps;
mod configuration;
mod generated;
mod hostile;
mod race;
mod refusals;
mod repo;
mod silent;
mod surface;
mod worktree;
