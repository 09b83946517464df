//! What every command has: the global options, the signals, the way out for words.

use crate::{interrupt::Interrupt, report::Report};

use super::arguments::Global;

#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) global: Global,
    pub(super) interrupt: Interrupt,
    pub(super) report: &'a mut Report,
}
