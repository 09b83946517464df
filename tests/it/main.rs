//! End to end: servers built by the command line tool, as clients and attackers meet them.

mod alone;
mod clients;
mod conformance;
mod faults;
mod guards;
mod inspector;
mod layering;
mod outside;
mod readme;
mod scaffold;
mod sessions;
mod shutdown;
mod slow;
mod stdio;
