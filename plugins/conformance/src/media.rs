//! The smallest picture and the shortest sound there are.

/// One red pixel, as PNG.
pub(crate) const RED_PNG: &[u8] = include_bytes!("media/red.png");

/// Two samples of silence at 8 kHz, as WAV.
pub(crate) const SILENCE_WAV: &[u8] = include_bytes!("media/silence.wav");
