//! The gate: the same behaviour in one process and in a real Redis (`redis-server` must be installed),
//! the tools, the times of a default configuration, and what is printed and logged.

mod behaviour;
mod canary;
mod environment;
#[path = "../redis/log.rs"]
#[allow(dead_code, reason = "shared with the other tests against Redis")]
mod log;
mod place;
mod redis;
#[path = "../redis/server.rs"]
#[allow(dead_code, reason = "shared with the other tests against Redis")]
mod server;
mod start;
mod times;
mod tools;
