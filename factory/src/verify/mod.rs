//! The binary is asked what it is, and the answers are compared with the plan.

pub(crate) mod describe;
pub(crate) mod elf;
pub(crate) mod secrets;
