//! What can be wrong with a question about time, in words for the model.

/// A question that has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each is a sentence")]
pub enum TimeError {
    #[error("there is no time zone `{name}`; use an IANA name{hint}")]
    UnknownZone { name: String, hint: String },
    #[error(
        "`{0}` is no time; write hours and minutes of the 24-hour clock, such as 09:30 or 21:05"
    )]
    BadTime(String),
    #[error("`{0}` is no date; write year, month and day, such as 2026-11-21")]
    BadDate(String),
    #[error(
        "{time} does not exist on {date} in {zone}: the clocks are set forward over it; choose another time"
    )]
    Skipped {
        time: String,
        date: String,
        zone: String,
    },
    #[error("that is beyond the years this clock knows; choose another date")]
    OutOfRange,
}
