//! Guesses about tokens, for when no engine has counted them.
//!
//! No tokenizer is carried along: each engine has its own. A guess is used in two places, each on its safe
//! side: money set aside before a call (too much rather than too little), and the bill of an answer whose
//! engine did not say what it used, or said what cannot be true.

/// What each message costs beside its text.
const PER_MESSAGE: u64 = 8;

/// At most about so many tokens: what is set aside for a text.
pub(crate) fn at_most(bytes: usize, messages: usize) -> u64 {
    (bytes as u64).div_ceil(2) + PER_MESSAGE * messages as u64
}

/// More tokens than these cannot be in a text: none is less than a byte.
pub(crate) fn no_more_than(bytes: usize, messages: usize) -> u64 {
    (bytes as u64).saturating_add(PER_MESSAGE * messages as u64)
}

/// About so many tokens: what is booked for a text that was not counted.
pub(crate) fn about(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(4)
}
