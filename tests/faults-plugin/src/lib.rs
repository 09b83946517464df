//! Everything that a plugin can do wrong: panic, hang, block, print, fail. For the end-to-end tests, which
//! look at what the server around it makes of that.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use mcp_factory_sdk::prelude::*;

/// What must never reach a client.
const SECRET: &str = "hunter2";

/// The plugin. It counts the calls that began and the calls whose future is gone.
#[derive(Debug, Default)]
pub struct Faults {
    begun: AtomicUsize,
    gone: AtomicUsize,
}

/// Counts a call from its first poll to the drop of its future.
struct Running<'a>(&'a Faults);

impl<'a> Running<'a> {
    fn new(faults: &'a Faults) -> Self {
        faults.begun.fetch_add(1, Ordering::SeqCst);
        Self(faults)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.gone.fetch_add(1, Ordering::SeqCst);
    }
}

/// How many calls of the tools that take time there were.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Counts {
    /// Calls that began.
    pub begun: usize,
    /// Calls whose future was dropped, finished or not.
    pub gone: usize,
}

/// Everything that a plugin can do wrong.
#[plugin(name = "faults", stateless)]
impl Faults {
    /// Panics.
    #[tool(scope = "read", read_only)]
    async fn panic(&self) -> String {
        panic!("the password is {SECRET}");
    }

    /// Panics on the blocking pool.
    #[tool(scope = "read", read_only)]
    fn panic_blocking(&self) -> String {
        panic!("the password is {SECRET}");
    }

    /// Fails with an error that nobody thought of.
    #[tool(scope = "read", read_only)]
    async fn fail(&self) -> Result<String, ToolError> {
        Err(io::Error::other(format!("the password is {SECRET}")))?
    }

    /// Never ends, but for its deadline.
    #[tool(scope = "read", read_only, timeout = "300ms")]
    async fn overdue(&self) -> String {
        let _running = Running::new(self);
        std::future::pending().await
    }

    /// Never ends, and its deadline is far away.
    #[tool(scope = "read", read_only, timeout = "10m")]
    async fn hang(&self) -> String {
        let _running = Running::new(self);
        std::future::pending().await
    }

    /// Ends after a while.
    #[tool(scope = "read", read_only)]
    async fn wait(
        &self,
        /// How long, in milliseconds.
        #[arg(maximum = 20_000)]
        milliseconds: u64,
    ) -> String {
        let _running = Running::new(self);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        format!("waited {milliseconds} ms")
    }

    /// Blocks its thread for a while.
    #[tool(scope = "read", read_only)]
    fn block(
        &self,
        /// How long, in milliseconds.
        #[arg(maximum = 20_000)]
        milliseconds: u64,
    ) -> String {
        std::thread::sleep(Duration::from_millis(milliseconds));
        format!("blocked {milliseconds} ms")
    }

    /// Prints to standard output, where the protocol lives.
    #[tool(scope = "read", read_only)]
    async fn print(&self) -> String {
        println!("this is no message of the protocol");
        "printed".to_owned()
    }

    /// Tells how many calls began and how many are gone.
    #[tool(scope = "read", read_only)]
    async fn counts(&self) -> Counts {
        Counts {
            begun: self.begun.load(Ordering::SeqCst),
            gone: self.gone.load(Ordering::SeqCst),
        }
    }
}
