//! A server for the tests of the process: tools that are slow, stuck or noisy.

use std::process::ExitCode;
use std::time::Duration;

use mcp_factory_server::{Mount, Server, mount};

mod plugin {
    //! The plugin, as its author would write it.

    use super::Duration;
    use mcp_factory_sdk::prelude::*;

    /// Settings.
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, default)]
    pub(crate) struct Config {
        /// Milliseconds that `start` takes.
        pub(crate) start: u64,
    }

    /// The plugin.
    #[derive(Debug)]
    pub(crate) struct Fixture;

    impl Plugin for Fixture {
        type Config = Config;

        async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
            say("starting");
            tokio::time::sleep(Duration::from_millis(config.start)).await;
            Ok(Self)
        }
    }

    /// Misbehaves on request.
    #[plugin(name = "fixture")]
    impl Fixture {
        /// Returns the text.
        #[tool(scope = "read")]
        async fn echo(
            &self,
            /// The text to return.
            text: String,
        ) -> String {
            text
        }

        /// Prints to stdout, as a plugin must not.
        #[tool(scope = "read")]
        async fn noisy(&self) -> String {
            say("noise");
            "quiet".to_owned()
        }

        /// Answers after a while.
        #[tool(scope = "read")]
        async fn slow(
            &self,
            /// How long, in milliseconds.
            millis: u64,
        ) -> String {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            "done".to_owned()
        }

        /// Blocks its thread for a while.
        #[tool(scope = "read")]
        fn block(
            &self,
            /// How long, in milliseconds.
            millis: u64,
        ) -> String {
            std::thread::sleep(Duration::from_millis(millis));
            "done".to_owned()
        }

        /// Fails.
        #[tool(scope = "read")]
        async fn fail(&self) -> Result<String, ToolError> {
            Err(ToolError::new("this always fails: do not call it"))
        }
    }

    #[expect(clippy::print_stdout, reason = "the server has to survive it")]
    fn say(word: &str) {
        println!("{word}");
    }
}

static MOUNTS: &[Mount] = &[mount("fixture", &plugin::PLUGIN).source("test")];

const _: () = mcp_factory_server::assert_unique(MOUNTS);

fn main() -> ExitCode {
    Server::new("fixture", "1.2.3")
        .description("For tests.")
        .factory("0.1.0")
        .defaults("[server]\ndrain = \"2s\"\n")
        .run(MOUNTS)
}
