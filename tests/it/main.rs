//! End to end: servers built by the command line tool, as clients and attackers meet them.

mod alone;
mod audit;
mod auth;
mod canary;
mod clients;
mod conformance;
mod dance;
mod faults;
mod gate;
mod guards;
mod inspector;
mod layering;
mod outside;
mod rates;
mod readme;
mod replicas;
mod scaffold;
mod sessions;
mod shutdown;
mod sign_off;
mod slow;
mod stdio;
mod tenants;
