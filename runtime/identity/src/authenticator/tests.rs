//! The door, from the outside.
