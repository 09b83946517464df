//! The GitHub plugin against GitHub as others emulate it, and against faults of our own making.
mod surface;
