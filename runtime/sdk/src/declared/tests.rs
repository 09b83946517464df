use serde::Deserialize;

use super::*;
use crate::{StartContext, StartError, testing::TestPlugin};

/// Says what it was given, in the words of the declaration.
#[derive(Debug)]
struct Sayer {
    prepared: Vec<&'static str>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Saying {
    /// What to say.
    words: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Said {
    words: String,
    prepared: usize,
}

impl Plugin for Sayer {
    type Config = crate::NoConfig;

    async fn start(_: crate::NoConfig, context: &StartContext) -> Result<Self, StartError> {
        let prepared = context.declared().map(|tool| tool.name).collect();
        Ok(Self { prepared })
    }
}

impl Declares for Sayer {
    type Body = Saying;
    type Answer = Said;

    fn check(tool: &DeclaredTool, body: &Saying) -> Result<(), String> {
        for parameter in tool.parameters {
            if !body.words.contains(parameter.name) {
                return Err(format!("`words` does not mention {}", parameter.name));
            }
        }
        Ok(())
    }

    async fn run(
        &self,
        _: Context,
        tool: &'static DeclaredTool,
        arguments: Vec<(&'static str, Value)>,
    ) -> Result<Said, ToolError> {
        let mut words = tool.body::<Saying>().map_err(ToolError::new)?.words;
        for (name, value) in arguments {
            words = words.replace(name, &value.to_string());
        }
        let prepared = self.prepared.len();
        Ok(Said { words, prepared })
    }
}

static PLUGIN: PluginDefinition = private::plugin(private::PluginParts {
    name: "sayer",
    version: "0.0.0",
    description: "",
    tools: &[],
    resources: &[],
    prompts: &[],
    completions: &[],
    config_schema: || json!({}),
    start: crate::plugin::start::<Sayer>,
    declares: Some(DeclaresParts::of::<Sayer>()),
});

const PARAMETER: DeclaredParameter = DeclaredParameter {
    name: "WHO",
    description: "Who.",
    kind: ParameterKind::Text,
    required: true,
    default: None,
    choices: &[],
    minimum: None,
    maximum: None,
};

const TOOL: DeclaredTool = DeclaredTool {
    name: "say",
    title: None,
    description: "Says it.",
    scope: Scope::new("read"),
    hints: Hints {
        read_only: true,
        destructive: false,
        idempotent: true,
        open_world: false,
    },
    timeout: None,
    gate: None,
    rate: None,
    parameters: &[
        DeclaredParameter {
            minimum: Some(1.0),
            maximum: Some(5.0),
            ..PARAMETER
        },
        DeclaredParameter {
            name: "TIMES",
            kind: ParameterKind::Integer,
            required: false,
            default: Some("2"),
            minimum: Some(1.0),
            maximum: Some(10.0),
            ..PARAMETER
        },
        DeclaredParameter {
            name: "HOW",
            required: false,
            choices: &["loudly", "softly"],
            ..PARAMETER
        },
        DeclaredParameter {
            name: "WEIGHT",
            kind: ParameterKind::Number,
            required: false,
            ..PARAMETER
        },
        DeclaredParameter {
            name: "POLITE",
            kind: ParameterKind::Boolean,
            required: false,
            ..PARAMETER
        },
    ],
    body: r#"{"words": "WHO TIMES HOW WEIGHT POLITE"}"#,
};

static SAY: DeclaredTool = TOOL;
static TOOLS: [ToolDefinition; 1] = [ToolDefinition::declared(&PLUGIN, &SAY)];

async fn started() -> TestPlugin {
    let started = TestPlugin::start_declared(&PLUGIN, &TOOLS, json!({})).await;
    started.expect("it starts")
}

#[test]
fn a_declaration_has_a_closed_schema() {
    assert_eq!(
        TOOLS[0].input_schema().to_string(),
        json!({
            "type": "object",
            "properties": {
                "WHO": { "type": "string", "description": "Who.", "minLength": 1, "maxLength": 5 },
                "TIMES": { "type": "integer", "description": "Who.", "minimum": 1, "maximum": 10, "default": 2 },
                "HOW": { "type": "string", "description": "Who.", "enum": ["loudly", "softly"] },
                "WEIGHT": { "type": "number", "description": "Who." },
                "POLITE": { "type": "boolean", "description": "Who." }
            },
            "required": ["WHO"],
            "additionalProperties": false
        })
        .to_string()
    );
    let output = TOOLS[0].output_schema().expect("the answer is an object");
    assert_eq!(output["properties"]["words"]["type"], "string");
    let keys = PLUGIN.declaration_schema().expect("it takes declarations");
    assert_eq!(keys["required"], json!(["words"]));
    assert!(TOOLS[0].takes_context(), "its plugin is given one");
}

#[tokio::test]
async fn it_runs_with_what_fits() {
    let plugin = started().await;
    let said = plugin.call_json("say", json!({ "WHO": "ann" })).await;
    let said = said.expect("it answers");
    assert_eq!(said["words"], "\"ann\" 2 null null null");
    assert_eq!(said["prepared"], 1);
    let all = json!({ "WHO": "bob", "TIMES": 3, "HOW": "softly", "WEIGHT": 0.5, "POLITE": true });
    let said = plugin.call_json("say", all).await.expect("it answers");
    assert_eq!(said["words"], "\"bob\" 3 \"softly\" 0.5 true");
    // A client that fills in what it does not mean.
    let said = plugin
        .call_json("say", json!({ "WHO": "ann", "TIMES": null }))
        .await;
    assert_eq!(
        said.expect("it answers")["words"],
        "\"ann\" 2 null null null"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_told_all_at_once() {
    let plugin = started().await;
    let refused = async |arguments: Value| {
        let error = plugin
            .call("say", arguments)
            .await
            .expect_err("it does not fit");
        error.to_string()
    };
    assert_eq!(
        refused(json!({ "TIMES": 0, "WHOO": 1, "HOW": "rudely", "WEIGHT": "a", "POLITE": 1 }))
            .await,
        "unknown argument: `WHOO` (did you mean `WHO`?); known: `WHO`, `TIMES`, `HOW`, `WEIGHT`, `POLITE`; \
         missing argument: `WHO`; argument `TIMES`: expected at least 1; \
         argument `HOW`: expected one of loudly, softly; argument `WEIGHT`: expected a number; \
         argument `POLITE`: expected a boolean"
    );
    for (arguments, expected) in [
        (json!([]), "the arguments must be a JSON object"),
        (json!({ "WHO": null }), "argument `WHO`: expected a string"),
        (
            json!({ "WHO": "" }),
            "argument `WHO`: expected at least 1 characters",
        ),
        (
            json!({ "WHO": "äöüßéx" }),
            "argument `WHO`: expected at most 5 characters",
        ),
        (
            json!({ "WHO": "a", "TIMES": 11 }),
            "argument `TIMES`: expected at most 10",
        ),
        (
            json!({ "WHO": "a", "TIMES": 1.5 }),
            "argument `TIMES`: expected a whole number of at most 64 bits",
        ),
        (
            json!({ "WHO": "a", "TIMES": u64::MAX }),
            "argument `TIMES`: expected a whole number of at most 64 bits",
        ),
    ] {
        assert_eq!(refused(arguments).await, expected);
    }
    // Five characters of two bytes each fit.
    assert!(plugin.call("say", json!({ "WHO": "äöüßé" })).await.is_ok());
}

#[test]
fn the_plugin_judges_a_declaration() {
    static SILENT: DeclaredTool = DeclaredTool {
        body: r#"{"words": "WHO"}"#,
        ..TOOL
    };
    static MISSPELT: DeclaredTool = DeclaredTool {
        body: r#"{"wods": "WHO"}"#,
        ..TOOL
    };
    static TYPED: DeclaredTool = DeclaredTool {
        body: r#"{"words": 4}"#,
        ..TOOL
    };
    let told = |tool: &'static DeclaredTool| ToolDefinition::declared(&PLUGIN, tool).check();
    assert_eq!(told(&SAY), Ok(()));
    assert_eq!(
        told(&SILENT),
        Err("`words` does not mention TIMES".to_owned())
    );
    assert_eq!(
        told(&MISSPELT),
        Err("`wods`: unknown key `wods` (did you mean `words`?)".to_owned())
    );
    assert_eq!(
        told(&TYPED),
        Err("`words`: invalid type: integer `4`, expected a string".to_owned())
    );
}

#[tokio::test]
async fn its_scope_is_checked_as_any_other() {
    let plugin = started().await.with_scopes(&[]);
    let error = plugin
        .call("say", json!({ "WHO": "ann" }))
        .await
        .expect_err("no scope");
    assert_eq!(error.to_string(), "the scope `read` is required");
}
