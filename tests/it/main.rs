//! End to end: servers built by the command line tool, as clients and attackers meet them.

mod clients;
mod conformance;
mod faults;
mod guards;
mod inspector;
mod layering;
mod sessions;
mod shutdown;
mod slow;
mod stdio;
