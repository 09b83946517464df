//! The Notion plugin against a Notion of our own making (nobody offers one to test with): a small, stateful
//! fake that refuses what Notion documents that it refuses (`fake.rs`, `checks.rs`), and against answers with
//! rate limits and faults.

mod checks;
mod day;
mod fake;
mod faults;
mod guards;
mod health;
mod limits;
mod paging;
mod plugin;
mod roots;
mod starting;
mod surface;
mod world;
