//! Drivers for the end-to-end tests: real servers, real processes, bytes on real sockets.
//!
//! In the room: the servers under test (`product`), the clients of others (`tools`), processes that end
//! with their test (`process`), ports for them (`ports`), and the two ways to talk to a server without anybody's client library
//! (`http`, `stdio`; `management` for its other port) in the protocol's words (`message`) as somebody (`caller`). Around them real authorization
//! servers (`identity`), a real Redis (`redis`), a real PostgreSQL (`cluster`), and web services (`emulator`,
//! `services`) and a collector of traces (`collector`). For faults: what normal callers notice of them (`load`), and what they leave behind (`aftermath`). The tests themselves are in `tests/it`; those of plugins use the same drivers.
//!
//! A driver that cannot go on panics with the reason: it is always the test's failure.

#![expect(clippy::missing_panics_doc, reason = "all of them do, as said above")]

pub mod aftermath;
pub mod caller;
pub mod challenge;
pub mod cluster;
pub mod collector;
pub mod emulator;
pub mod guarded;
pub mod http;
pub mod identity;
pub mod load;
pub mod management;
pub mod message;
pub mod ports;
pub mod process;
pub mod product;
pub mod redis;
pub mod services;
pub mod stdio;
pub mod tools;

pub use aftermath::Subject;
pub use caller::Caller;
pub use challenge::Challenge;
pub use cluster::Cluster;
pub use collector::Collector;
pub use emulator::Emulator;
pub use guarded::Guarded;
pub use http::{Connection, HttpServer, Response};
pub use identity::{Hostile, Issuer};
pub use load::Latencies;
pub use management::Management;
pub use ports::free_port;
pub use process::{Process, eventually};
pub use product::Product;
pub use redis::Redis;
pub use stdio::StdioServer;
pub use tools::Tools;
