//! A started server with one of everything that a request can be answered with.

use std::{collections::BTreeMap, sync::Arc};

use mcp_factory_guard::{Audit, RateLimits};
use mcp_factory_sdk::{
    Ask, Content, Elicitation, EmbeddedResource, Instance, Link, LogLevel, Output, Principal,
    Resource, ResourceBody, ScopeHierarchy, ScopeSet, StartContext, prelude::*,
};
use serde_json::{Value, json};

use super::generate::Kit;
use crate::{
    config::Visibility,
    identity::Identity,
    lifecycle::Lifecycle,
    mount,
    mount::Mount,
    pipeline::{CallLimits, Guards, Pipeline, Tenant, Tenants},
    registry::Registry,
    runtime::Runtime,
};

/// What the generator may ask of it.
pub(super) static KIT: Kit = Kit {
    tools: &[
        (
            "echo",
            &[
                r#"{"text":"hi"}"#,
                r#"{"text":"\u00e9\n\"é💡"}"#,
                r#"{ "text" : "" }"#,
                r#"{"text":7}"#,
            ],
        ),
        (
            "add",
            &[
                r#"{"a":1,"b":2}"#,
                r#"{"a":-9007199254740993}"#,
                r#"{"a":1.5}"#,
                r#"{"a":1000001}"#,
                "{}",
            ],
        ),
        (
            "mirror",
            &[
                "{}",
                r#"{"b":1,"a":[1,{"c":1e5}],"ü":null}"#,
                r#"{"a":0.10,"b":12345678901234567890}"#,
            ],
        ),
        (
            "rich",
            &[
                "{}",
                r#"{"kind":"text"}"#,
                r#"{"kind":"all"}"#,
                r#"{"kind":"empty"}"#,
                r#"{"kind":"link"}"#,
            ],
        ),
        ("list", &["{}", "null"]),
        ("refuse", &["{}"]),
        ("fail", &["{}"]),
        ("panic", &["{}"]),
        ("overdue", &["{}"]),
        ("ask", &["{}"]),
        ("report", &["{}"]),
        ("change", &["{}"]),
        ("large", &[r#"{"length":10}"#, r#"{"length":3000}"#]),
        ("blocking", &["{}"]),
        ("repeated", &[r#"{"value":"x"}"#]),
    ],
    resources: &[
        "kit://fixed",
        "kit://days/monday",
        "kit://days/%C3%A9",
        "kit://broken",
        "kit://bytes",
        "kit://asks",
    ],
    prompts: &[
        (
            "greet",
            &[
                r#"{"name":"Ada"}"#,
                r#"{"name":7}"#,
                "{}",
                r#"{"name":"Ada","tone":"loud"}"#,
            ],
        ),
        ("picture", &["{}", r#"{"x":"y"}"#]),
        ("confused", &["{}"]),
        ("curious", &["{}"]),
    ],
};

#[derive(Debug, Default)]
struct Everything;

fn anything() -> Value {
    json!({ "type": "object" })
}

fn repeated() -> Value {
    json!({ "type": "object", "properties": { "value": { "type": "string", "x-mcp-header": "Value" } } })
}

/// A sum, and what it is the sum of.
#[derive(Debug, JsonSchema, Serialize)]
struct Sum {
    /// The sum.
    sum: i64,
    /// What was added, `null` where there was nothing.
    parts: Vec<Option<i64>>,
}

fn form() -> Ask {
    let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } } });
    Ask::new().elicit("ok", Elicitation::new("Go on?", schema))
}

/// One of everything.
#[plugin(name = "everything", stateless)]
impl Everything {
    /// Says something back.
    #[tool(scope = "read", read_only)]
    async fn echo(
        &self,
        /// What to say.
        #[arg(max_length = 64)]
        text: String,
    ) -> String {
        text
    }

    /// Adds.
    #[tool(scope = "read", read_only)]
    async fn add(
        &self,
        /// One.
        #[arg(maximum = 1_000_000)]
        a: i64,
        /// The other.
        b: Option<i64>,
    ) -> Sum {
        Sum {
            sum: a + b.unwrap_or_default(),
            parts: vec![Some(a), b],
        }
    }

    /// Gives its arguments back.
    #[tool(scope = "read", read_only, input_schema = anything)]
    async fn mirror(&self, arguments: Value) -> String {
        arguments.to_string()
    }

    /// Answers with content of some kind.
    #[tool(scope = "read", read_only)]
    async fn rich(
        &self,
        /// Which kind.
        kind: Option<String>,
    ) -> Output {
        let resource = |body| EmbeddedResource {
            uri: "kit://enclosed".to_owned(),
            mime_type: Some("text/x-odd".to_owned()),
            body,
        };
        let link = Link {
            uri: "kit://days/monday".to_owned(),
            name: "a day".to_owned(),
            title: Some("Monday".to_owned()),
            ..Link::default()
        };
        match kind.as_deref() {
            Some("empty") => Output::new(),
            Some("text") => Output::new().text("a\u{0}\n\u{2028}\"\\").text(""),
            Some("link") => Output::new().link(link),
            _ => Output::new()
                .image(vec![0, 255, 1], "image/png")
                .audio(vec![9; 10], "audio/wav")
                .resource(resource(ResourceBody::Text("text".to_owned())))
                .resource(resource(ResourceBody::Blob(vec![1, 2])))
                .link(link),
        }
    }

    /// Answers with a list.
    #[tool(scope = "read", read_only)]
    async fn list(&self) -> Vec<u8> {
        vec![1, 2, 3]
    }

    /// Refuses.
    #[tool(scope = "read", read_only)]
    async fn refuse(&self) -> Result<String, ToolError> {
        Err(ToolError::new("not today: \"come\" tomorrow"))
    }

    /// Fails.
    #[tool(scope = "read", read_only)]
    async fn fail(&self) -> Result<String, ToolError> {
        Err(std::io::Error::other("hunter2"))?
    }

    /// Panics.
    #[tool(scope = "read", read_only)]
    async fn panic(&self) -> String {
        // Without the hook, which would print it some thousand times.
        std::panic::resume_unwind(Box::new("hunter2"))
    }

    /// Never ends.
    #[tool(scope = "read", read_only, timeout = "1ms")]
    async fn overdue(&self) -> String {
        std::future::pending().await
    }

    /// Never ends, and has time.
    #[tool(scope = "read", read_only, timeout = "1h")]
    async fn hold(&self) -> String {
        std::future::pending().await
    }

    /// Takes a moment.
    #[tool(scope = "read", read_only)]
    async fn linger(&self) -> String {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        "lingered".to_owned()
    }

    /// Asks its client.
    #[tool(scope = "read", read_only)]
    async fn ask(&self, cx: &Context) -> Result<String, ToolError> {
        let answers = cx.ask(form()).await?;
        Ok(format!("{:?}", answers.elicited("ok")?))
    }

    /// Says how far it is.
    #[tool(scope = "read", read_only)]
    async fn report(&self, cx: &Context) -> String {
        cx.progress(1.0, Some(2.0), None).await;
        cx.log(LogLevel::Error, "half").await;
        "reported".to_owned()
    }

    /// Changes something.
    #[tool(scope = "write", title = "Change it", idempotent)]
    async fn change(&self) -> String {
        "changed".to_owned()
    }

    /// Says much.
    #[tool(scope = "read", read_only)]
    async fn large(
        &self,
        /// How much.
        #[arg(maximum = 10_000)]
        length: usize,
    ) -> String {
        "é".repeat(length)
    }

    /// Works on the blocking pool.
    #[tool(scope = "read", read_only)]
    fn blocking(&self) -> String {
        "done".to_owned()
    }

    /// Its argument is a header too.
    #[tool(scope = "read", read_only, input_schema = repeated)]
    async fn repeated(&self, arguments: Value) -> String {
        arguments.to_string()
    }

    /// Always the same.
    #[resource(
        uri = "kit://fixed",
        scope = "read",
        name = "fixed",
        title = "Fixed",
        mime_type = "text/plain"
    )]
    async fn fixed(&self) -> String {
        "fixed".to_owned()
    }

    /// A day.
    #[resource(uri = "kit://days/{day}", scope = "read", name = "day")]
    async fn day(&self, day: String) -> Result<String, ToolError> {
        Ok(day)
    }

    /// Cannot be read.
    #[resource(uri = "kit://broken", scope = "read", name = "broken")]
    async fn broken(&self) -> Result<String, ToolError> {
        Err(std::io::Error::other("hunter2"))?
    }

    /// Bytes.
    #[resource(uri = "kit://bytes", scope = "admin", name = "bytes")]
    async fn bytes(&self) -> Resource {
        Resource::blob(vec![0, 159, 255]).mime_type("image/x-odd")
    }

    /// Asks first.
    #[resource(uri = "kit://asks", scope = "read", name = "asks")]
    async fn asks(&self, cx: &Context) -> Result<String, ToolError> {
        cx.ask(form()).await?;
        Ok("asked".to_owned())
    }

    /// Greets.
    #[prompt(scope = "read")]
    async fn greet(
        &self,
        /// Whom.
        name: String,
        /// How.
        tone: Option<String>,
    ) -> Result<Prompt, ToolError> {
        Ok(Prompt::new().user(format!("Greet {name} {tone:?}")))
    }

    /// A picture.
    #[prompt(scope = "write", title = "Picture")]
    async fn picture(&self) -> Prompt {
        Prompt::new()
            .user(Content::image(vec![1], "image/png"))
            .assistant("Nice.")
    }

    /// Fails.
    #[prompt(scope = "read")]
    async fn confused(&self) -> Result<Prompt, ToolError> {
        Err(ToolError::new("what was it?"))
    }

    /// Asks first.
    #[prompt(scope = "read")]
    async fn curious(&self, cx: &Context) -> Result<Prompt, ToolError> {
        cx.ask(form()).await?;
        Ok(Prompt::new())
    }
}

static MOUNTS: &[Mount] = &[mount("everything", &PLUGIN)];

/// A started server that shows callers what they may not use, or hides it.
pub(super) async fn runtime(
    visibility: Visibility,
    fast_lane: bool,
    lifecycle: &Lifecycle,
) -> Runtime {
    let instance = PLUGIN
        .start(json!({}), StartContext::new("everything"))
        .await
        .expect("it starts");
    runtime_of(MOUNTS, instance, visibility, fast_lane, lifecycle)
}

/// A server of one plugin.
pub(super) fn runtime_of(
    mounts: &'static [Mount],
    instance: Instance,
    visibility: Visibility,
    fast_lane: bool,
    lifecycle: &Lifecycle,
) -> Runtime {
    let tenants = Tenants {
        nobodys: Some(Tenant::new(vec![instance], None, None)),
        ..Tenants::default()
    };
    let guards = Guards {
        hierarchy: ScopeHierarchy::default(),
        visibility,
        rates: RateLimits::new(100, None),
        gates: None,
        audit: Arc::new(Audit::off()),
        validators: Vec::new(),
    };
    let limits = CallLimits {
        // So that a result can be too large.
        max_result: 4 << 10,
        ..CallLimits::default()
    };
    let pipeline = Pipeline::new(
        Registry::new(mounts, false),
        tenants,
        limits,
        &BTreeMap::new(),
        guards,
    );
    let identity = Identity {
        name: "everything",
        version: "1.2.3",
        description: "For tests.",
        factory: "",
    };
    Runtime::new(
        identity,
        pipeline,
        Principal::local(),
        None,
        fast_lane,
        4,
        lifecycle,
    )
}

/// Callers who may do everything, something and nothing.
pub(super) fn callers() -> [Arc<Principal>; 3] {
    let granted =
        |scopes: &[&str]| ScopeSet::granted(scopes.iter().copied(), &ScopeHierarchy::default());
    [
        Principal::new("all", ScopeSet::All),
        Principal::new("reader", granted(&["read"])),
        Principal::new("nobody", granted(&[])),
    ]
    .map(Arc::new)
}
