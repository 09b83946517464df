//! End to end: servers built by the command line tool, as clients and attackers meet them.

mod alone;
mod audit;
mod auth;
mod canary;
mod clients;
#[path = "../../plugins/postgres/tests/it/cluster.rs"]
#[allow(dead_code, reason = "its own tests stop it and start it")]
mod cluster;
mod conformance;
mod dance;
mod declared;
mod faults;
mod gate;
mod guards;
mod inspector;
mod layering;
mod outside;
mod pages;
mod plugins_page;
mod rates;
mod readme;
mod replicas;
mod rivals;
mod scaffold;
mod sessions;
mod shutdown;
mod sign_off;
mod slow;
mod stdio;
mod tenants;
mod tour;
