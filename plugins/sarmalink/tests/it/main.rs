//! The chain against engines that run in this process: every failure, every way on, every refusal.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]

mod answers;
mod budget;
mod classifying;
mod decisions;
mod encrypted;
mod failover;
mod fake;
mod limits;
mod litellm;
mod resting;
mod secrets;
mod server;
mod tools;
