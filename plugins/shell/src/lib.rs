//! Runs the commands that your manifest declares, and no others, in a sandbox.
