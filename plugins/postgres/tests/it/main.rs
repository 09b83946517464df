//! The PostgreSQL plugin on a real PostgreSQL: every tool, every limit, every refusal, and a corpus of ways
//! around them.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]
#![expect(
    clippy::print_stdout,
    reason = "the sizes of the corpora are worth a line"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests set servers up from outside of the plugin"
)]

mod bed;
mod benign;
mod bypass;
mod bypass_corpus;
mod cancelling;
mod catalogue;
mod declaring;
mod limits;
mod reading;
mod starting;
mod surface;
mod writing;
