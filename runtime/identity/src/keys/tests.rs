//! Keys in real files.
