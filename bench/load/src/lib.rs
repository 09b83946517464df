//! What the programs of the rig are made of: the load over HTTP and stdio, what it measures, and what the servers to
//! compare with have in common.
//!
//! Not in the room: those servers themselves, which are the programs in `bin`, and the rounds, which `bench/run`
//! drives.

pub mod answers;
pub mod http;
pub mod issuer;
pub mod listen;
pub mod measure;
pub mod proc;
pub mod stdio;
pub mod tools;
pub mod work;
