//! One of everything that is guarded: tools, resources, prompts and completions of every scope, a tool
//! behind a gate, a tool with a rate. For the end-to-end tests, which look at who gets through to them. The
//! plugin counts what ran; what must not run must leave its count alone.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use mcp_factory_sdk::{Event, prelude::*};

/// Settings, so that two tenants can tell their instances apart.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What `look` answers.
    pub label: String,
}

/// The plugin. It counts what ran, by name.
#[derive(Debug)]
pub struct Guarded {
    label: String,
    ran: Mutex<BTreeMap<String, u64>>,
}

/// How often everything ran.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Ran {
    /// Runs, by name.
    pub ran: BTreeMap<String, u64>,
}

impl Guarded {
    fn count(&self, name: &str) -> String {
        let mut ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        let count = ran.entry(name.to_owned()).or_default();
        *count += 1;
        format!("{name} {count}")
    }
}

impl Plugin for Guarded {
    type Config = Config;
    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        Ok(Self {
            label: config.label,
            ran: Mutex::default(),
        })
    }
}

/// One of everything that is guarded.
#[plugin(name = "guarded")]
impl Guarded {
    /// Looks.
    #[tool(scope = "read", read_only)]
    async fn look(&self) -> String {
        self.count("look");
        self.label.clone()
    }

    /// Changes something.
    #[tool(scope = "write")]
    async fn change(
        &self,
        /// What the change is called.
        #[arg(default = "")]
        name: String,
    ) -> String {
        let _ = name;
        self.count("change")
    }

    /// Changes everything.
    #[tool(scope = "admin")]
    async fn administer(&self) -> String {
        self.count("administer")
    }

    /// Does what a plugin has a word of its own for.
    #[tool(scope = "guarded:special")]
    async fn specialise(&self) -> String {
        self.count("specialise")
    }

    /// Runs a command, behind a gate.
    #[tool(scope = "write", gate = "shell")]
    async fn shell(&self) -> String {
        self.count("shell")
    }

    /// Looks at something behind a gate.
    #[tool(scope = "read", read_only, gate = "shell")]
    async fn peek(&self) -> String {
        self.count("peek")
    }

    /// Runs twice a minute.
    #[tool(scope = "read", read_only, rate = "2/m")]
    async fn hurry(&self) -> String {
        self.count("hurry")
    }

    /// Takes its time.
    #[tool(scope = "read", read_only)]
    async fn wait(
        &self,
        /// How long, in milliseconds.
        #[arg(maximum = 20_000)]
        milliseconds: u64,
    ) -> String {
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        self.count("wait")
    }

    /// Fails, and says what it was given.
    #[tool(scope = "read", read_only)]
    async fn fail(
        &self,
        /// What to say.
        #[arg(default = "nothing")]
        what: String,
    ) -> Result<String, ToolError> {
        self.count("fail");
        Err(ToolError::new(format!("it failed with {} words", what.split(' ').count())))
    }

    /// Panics.
    #[tool(scope = "read", read_only)]
    async fn panic(&self) -> String {
        self.count("panic");
        panic!("as it was asked to");
    }

    /// Tells who calls, as far as a plugin is told.
    #[tool(scope = "read", read_only)]
    async fn whoami(&self, cx: &Context) -> String {
        self.count("whoami");
        let principal = cx.principal();
        format!("{} {}", principal.tenant().unwrap_or("-"), principal.id())
    }

    /// Says that the note changed.
    #[tool(scope = "write")]
    async fn touch(&self, cx: &Context) -> String {
        cx.publish(Event::ResourceUpdated("guarded://note".to_owned()));
        self.count("touch")
    }

    /// Answers what it answered before, for a while.
    #[tool(scope = "read", read_only, cache = "10m")]
    async fn tick(
        &self,
        /// Anything.
        first: Option<String>,
        /// Anything.
        second: Option<String>,
    ) -> String {
        let _ = (first, second);
        self.count("tick")
    }

    /// Tells how often everything ran.
    #[tool(scope = "read", read_only)]
    async fn ran(&self) -> Ran {
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        Ran { ran: ran.clone() }
    }

    /// A note for everybody.
    #[resource(uri = "guarded://note", scope = "read")]
    async fn note(&self) -> String {
        self.count("note")
    }

    /// A note for few.
    #[resource(uri = "guarded://secret", scope = "admin")]
    async fn secret(&self) -> String {
        self.count("secret")
    }

    /// A note that stays for a while.
    #[resource(uri = "guarded://kept/{name}", scope = "read", cache = "10m")]
    async fn kept(&self, name: String) -> String {
        self.count(&format!("kept {name}"))
    }

    /// The notes of a day.
    #[resource(uri = "guarded://days/{day}", scope = "write")]
    async fn day(&self, day: String) -> String {
        let _ = day;
        self.count("day")
    }

    /// Asks.
    #[prompt(scope = "read")]
    async fn ask(&self) -> Prompt {
        self.count("ask");
        Prompt::new().user("Ask.")
    }

    /// Commands.
    #[prompt(scope = "write")]
    async fn command(
        &self,
        /// What to do.
        what: String,
    ) -> Prompt {
        self.count("command");
        Prompt::new().user(what)
    }

    #[completion(prompt = "command", argument = "what")]
    async fn complete_what(&self, value: String) -> Vec<String> {
        self.count("complete_what");
        vec![format!("{value}!")]
    }

    #[completion(resource = "guarded://days/{day}", argument = "day")]
    async fn complete_day(&self, value: String) -> Vec<String> {
        self.count("complete_day");
        vec![format!("{value}day")]
    }
}
