//! Drivers for the end-to-end tests: real servers, real processes, bytes on real sockets.
//!
//! In the room: the servers under test (`product`), the clients of others (`tools`), processes that end
//! with their test (`process`), and the two ways to talk to a server without anybody's client library
//! (`http`, `stdio`) in the protocol's words (`message`). The tests themselves are in `tests/it`.
//!
//! A driver that cannot go on panics with the reason: it is always the test's failure.

#![expect(clippy::missing_panics_doc, reason = "all of them do, as said above")]

pub mod http;
pub mod message;
pub mod process;
pub mod product;
pub mod stdio;
pub mod tools;

pub use http::{Connection, HttpServer, Response};
pub use process::{Process, eventually};
pub use product::Product;
pub use stdio::StdioServer;
pub use tools::Tools;
