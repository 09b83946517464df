//! The time now, and the same time elsewhere.
