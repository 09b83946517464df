//! Reads git repositories in this process: no command line, no hooks, no configuration that executes.
