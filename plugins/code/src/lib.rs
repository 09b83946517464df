//! Runs small scripts in a sandbox with no way out: no files, no network, no clock.
