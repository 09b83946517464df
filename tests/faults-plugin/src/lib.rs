//! Everything that a plugin can do wrong: panic, hang, block, print, fail. For the end-to-end tests, which
//! look at what the server around it makes of that.

use std::{
    io::{self, Write as _},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
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
    trouble: Mutex<String>,
    asked: AtomicUsize,
}

/// The schema of arguments that may be any object.
fn anything() -> serde_json::Value {
    serde_json::json!({ "type": "object" })
}

/// Counts a call from its first poll, or from when a thread has taken it up, to its end or to the drop of its future.
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

impl Plugin for Faults {
    type Config = NoConfig;

    async fn start(_: NoConfig, _: &StartContext) -> Result<Self, StartError> {
        Ok(Self::default())
    }

    async fn health(&self) -> Health {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let trouble = self
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let health = match trouble.as_str() {
            "" => Health::ok(),
            "hang" => std::future::pending().await,
            "panic" => panic!("the password is {SECRET}"),
            trouble => Health::failing(trouble),
        };
        health
            .count("begun", self.begun.load(Ordering::SeqCst))
            .count("asked_total", asked)
    }
}

/// Everything that a plugin can do wrong.
#[plugin(name = "faults")]
impl Faults {
    /// Has the plugin say from now on that it is unwell.
    #[tool(scope = "read", read_only)]
    async fn feel(
        &self,
        /// Why; `hang` and `panic` are done instead of said, and with nothing it is well again.
        trouble: String,
    ) -> String {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        "done".to_owned()
    }

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
        let _running = Running::new(self);
        std::thread::sleep(Duration::from_millis(milliseconds));
        format!("blocked {milliseconds} ms")
    }

    /// Prints to standard output, where the protocol lives.
    #[tool(scope = "read", read_only)]
    async fn print(&self) -> String {
        println!("this is no message of the protocol");
        "printed".to_owned()
    }

    /// Writes to standard output in every way there is: itself, from a thread that then panics, and by a
    /// command that inherits it.
    #[tool(scope = "read", read_only)]
    fn print_everywhere(&self) -> Result<String, ToolError> {
        print!("half a line of noise ");
        let mut stdout = io::stdout();
        stdout.write_all(
            b"and bytes\xff\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"forged noise\"}\n",
        )?;
        stdout.flush()?;
        let thread = std::thread::spawn(|| {
            println!("noise of a thread");
            panic!("the password is {SECRET}");
        });
        let panicked = thread.join().is_err();
        let script =
            "echo noise of a command; echo noise of its descriptor > /dev/fd/1; cat | wc -c";
        let status = std::process::Command::new("sh")
            .args(["-c", script])
            .status()?;
        Ok(format!(
            "panicked: {panicked}, command: {}",
            status.success()
        ))
    }

    /// Says a text of this length.
    #[tool(scope = "read", read_only)]
    async fn say(
        &self,
        /// How long, in bytes.
        #[arg(maximum = 16_000_000)]
        bytes: usize,
    ) -> String {
        "x".repeat(bytes)
    }

    /// Gives back its arguments, as JSON text.
    #[tool(scope = "read", read_only, input_schema = anything)]
    async fn mirror(&self, arguments: serde_json::Value) -> String {
        arguments.to_string()
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
