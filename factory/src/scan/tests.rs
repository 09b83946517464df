use super::*;

fn one(text: &str) -> Result<Scanned, ScanError> {
    scan(&[("src/lib.rs".to_owned(), text.to_owned())])
}

const NOTES: &str = r#"
    use mcp_factory_sdk::prelude::*;

    /// Keeps notes.
    ///
    /// For the team.
    #[plugin(name = "notes")]
    impl Notes {
        /// Adds a note.
        #[tool(scope = "write", title = "Add note", name = "add_note", destructive = false, idempotent, timeout = "5s")]
        async fn add(
            &self,
            cx: &Context,
            blocking: &Blocking,
            /// The text.
            text: String,
            /// How often.
            #[arg(default = 1, minimum = 1)]
            copies: u32,
            /// Labels.
            #[arg(name = "tags", max_length = 8)]
            labels: Option<Vec<String>>,
        ) -> Result<Added, ToolError> { todo!() }

        /// Lists.
        #[mcp_factory_sdk::tool(scope = "read", read_only)]
        fn list(&self) -> String { todo!() }

        /// Deletes.
        #[tool(scope = "admin", gate = "shell", rate = "60/60s")]
        fn r#move(&self) {}

        /// A day.
        #[resource(uri = "notes://{day}", scope = "read", name = "day")]
        async fn day(&self, day: String) -> String { todo!() }

        /// Sums up.
        #[prompt(scope = "read")]
        async fn summarise(&self, /** Which day. */ day: String, /** Tone. */ tone: Option<String>) -> Prompt { todo!() }

        #[completion(prompt = "summarise", argument = "day")]
        async fn complete_day(&self, value: String) -> Vec<String> { todo!() }

        #[cfg(test)]
        #[tool(scope = "read")]
        fn only_in_tests(&self) {}

        fn helper(&self) {}
    }
"#;

#[test]
fn a_plugin_is_read_as_its_macro_will_read_it() {
    let scanned = one(NOTES).unwrap();
    assert_eq!(scanned.description, "Keeps notes.\n\nFor the team.");
    let names: Vec<&str> = scanned
        .tools
        .iter()
        .map(|tool| tool.name.as_str())
        .collect();
    assert_eq!(names, ["add_note", "list", "move"]);

    let add = &scanned.tools[0];
    assert_eq!(
        (add.scope.as_str(), add.title.as_deref()),
        ("write", Some("Add note"))
    );
    assert_eq!(
        add.hints,
        ScannedHints {
            read_only: false,
            destructive: false,
            idempotent: true,
            open_world: false
        }
    );
    let parameters: Vec<_> = add
        .parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.required))
        .collect();
    assert_eq!(
        parameters,
        [("text", true), ("copies", false), ("tags", false)]
    );
    assert_eq!(add.parameters[0].description, "The text.");

    let hints = |index: usize| scanned.tools[index].hints;
    assert_eq!(
        hints(1),
        ScannedHints {
            read_only: true,
            destructive: false,
            idempotent: true,
            open_world: false
        }
    );
    assert_eq!(
        hints(2),
        ScannedHints {
            read_only: false,
            destructive: true,
            idempotent: false,
            open_world: false
        }
    );

    let limits = |index: usize| {
        let tool = &scanned.tools[index];
        (tool.gate.as_deref(), tool.rate.as_deref())
    };
    assert_eq!(limits(1), (None, None));
    assert_eq!(limits(2), (Some("shell"), Some("60/m")));

    assert_eq!(scanned.resources[0].uri, "notes://{day}");
    assert_eq!(scanned.prompts[0].name, "summarise");
    let arguments: Vec<_> = scanned.prompts[0]
        .arguments
        .iter()
        .map(|argument| argument.required)
        .collect();
    assert_eq!(arguments, [true, false]);
}

#[test]
fn a_block_in_a_module_counts_and_one_in_tests_does_not() {
    let text = r#"
        mod inner { /** Inner. */ #[plugin(name = "a", stateless)] impl A {} }
        #[cfg(test)] mod tests { #[plugin(name = "b", stateless)] impl B {} }
        fn example() { #[plugin(name = "c", stateless)] impl C {} }
    "#;
    assert_eq!(one(text).unwrap().description, "Inner.");
}

#[test]
fn what_cannot_be_planned_is_an_error() {
    assert_eq!(one("pub fn x() {} // plugin"), Err(ScanError::NoPlugin));
    assert_eq!(scan(&[]), Err(ScanError::NoPlugin));
    let two = "#[plugin(name = \"a\")] impl A {} #[plugin(name = \"b\")] impl B {}";
    assert_eq!(
        one(two),
        Err(ScanError::Several(vec![
            "src/lib.rs".to_owned(),
            "src/lib.rs".to_owned()
        ]))
    );
    assert!(matches!(
        one("// plugin\nfn x( {"),
        Err(ScanError::Syntax { line: 2, .. })
    ));
}

#[test]
fn brackets_without_end_are_an_error_and_no_crash() {
    let text = format!(
        "// plugin\nconst A: () = {}{};",
        "(".repeat(200_000),
        ")".repeat(200_000)
    );
    let error = scan(&[("src/lib.rs".to_owned(), text)]).expect_err("nobody means this");
    assert!(matches!(error, ScanError::Syntax { .. }), "{error:?}");
}
