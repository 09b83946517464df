//! Which trace a call belongs to, and telling a tracing system of it.
//!
//! In the room: the context of a trace as W3C writes it (here), the setting (`config`), what is kept of a call that is
//! to be told of and the bounded queue it waits in (`recorder`), and, in a server that was built with `otlp`, the way
//! to a collector (`export`, `http_client`, `grpc`). Not here: when a call begins and ends (`pipeline`).

#[cfg_attr(
    not(feature = "otlp"),
    allow(dead_code, reason = "read by the way to a collector")
)]
mod config;
#[cfg(feature = "otlp")]
mod export;
#[cfg(feature = "otlp")]
mod grpc;
#[cfg(feature = "otlp")]
mod http_client;
#[cfg_attr(
    not(feature = "otlp"),
    allow(dead_code, reason = "read by the way to a collector")
)]
mod recorder;

use std::fmt;

pub(crate) use config::TracingConfig;
#[cfg(feature = "otlp")]
pub(crate) use export::open;
pub(crate) use recorder::{Finished, Recorder};

/// Where in a trace something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) id: u128,
    /// The span it is: the caller's, until the call has one of its own.
    pub(crate) span: u64,
    /// The span it is a part of; 0 for none.
    pub(crate) parent: u64,
    /// Whether it is told of.
    pub(crate) sampled: bool,
}

impl Trace {
    /// What a `traceparent` says, when it is one.
    pub(crate) fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let mut next = |digits: usize| {
            let part = parts.next()?;
            let is_hex = part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            (part.len() == digits && is_hex).then_some(part)
        };
        let (version, id, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        // Later versions may say more; the first one does not, and the last one is none.
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let id = u128::from_str_radix(id, 16).ok().filter(|id| *id != 0)?;
        let span = u64::from_str_radix(span, 16)
            .ok()
            .filter(|span| *span != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self {
            id,
            span,
            parent: 0,
            sampled: flags & 1 == 1,
        })
    }

    /// The id of the trace, as logs and records have it.
    pub(crate) fn id(&self) -> String {
        format!("{:032x}", self.id)
    }
}

/// As a `traceparent`.
impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(
            formatter,
            "00-{:032x}-{:016x}-{flags:02x}",
            self.id, self.span
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_it_is_written() {
        for text in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000001-0000000000000001-00",
        ] {
            let trace = Trace::parse(text).unwrap();
            assert_eq!(trace.to_string(), text);
            assert_eq!(trace.sampled, text.ends_with('1'));
            assert_eq!(trace.id(), text[3..35]);
        }
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more";
        assert!(Trace::parse(later).unwrap().sampled);
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Trace::parse(wrong), None, "{wrong}");
        }
    }
}
