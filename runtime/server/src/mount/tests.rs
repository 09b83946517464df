//! Names that are the same, of each kind: what `alike` does not see is never compared.

use super::{assert_unique, mount};

mod first {
    use mcp_factory_sdk::prelude::*;

    #[derive(Debug, Default)]
    pub(super) struct First;

    /// Has a tool and a resource.
    #[plugin(name = "first", stateless)]
    impl First {
        /// Is long.
        #[tool(scope = "read")]
        async fn b_c(&self) -> String {
            String::new()
        }

        /// Is read.
        #[resource(uri = "kit://note", scope = "read")]
        async fn note(&self) -> String {
            String::new()
        }
    }
}

mod second {
    use mcp_factory_sdk::prelude::*;

    #[derive(Debug, Default)]
    pub(super) struct Second;

    /// Has a name that another one has when both have their prefixes.
    #[plugin(name = "second", stateless)]
    impl Second {
        /// Is short.
        #[tool(scope = "read")]
        async fn c(&self) -> String {
            String::new()
        }

        /// Greets.
        #[prompt(scope = "read")]
        async fn hello(&self) -> String {
            String::new()
        }
    }
}

mod third {
    use mcp_factory_sdk::prelude::*;

    #[derive(Debug, Default)]
    pub(super) struct Third;

    /// Has what others have.
    #[plugin(name = "third", stateless)]
    impl Third {
        /// Is one of the server's own.
        #[tool(scope = "read")]
        async fn gate_unlock(&self) -> String {
            String::new()
        }

        /// Is read, too.
        #[resource(uri = "kit://note", scope = "read")]
        async fn own_note(&self) -> String {
            String::new()
        }

        /// Greets, too.
        #[prompt(scope = "read")]
        async fn hello(&self) -> String {
            String::new()
        }
    }
}

mod gated {
    use mcp_factory_sdk::prelude::*;

    #[derive(Debug, Default)]
    pub(super) struct Gated;

    /// Has a tool behind a gate, and with it the server has the gate's own.
    #[plugin(name = "gated", stateless)]
    impl Gated {
        /// Is guarded.
        #[tool(scope = "write", gate = "all")]
        async fn open(&self) -> String {
            String::new()
        }
    }
}

#[test]
fn all_different_names_pass() {
    assert_unique(&[
        mount("one", &first::PLUGIN),
        mount("two", &second::PLUGIN).prefix("x"),
    ]);
}

#[test]
#[should_panic(expected = "the plugins `one` and `two` both offer the tool `b_c`")]
fn prefixes_make_one_name_by_accident() {
    assert_unique(&[
        mount("one", &first::PLUGIN).prefix("a"),
        mount("two", &second::PLUGIN).prefix("a_b"),
    ]);
}

#[test]
#[should_panic(expected = "the plugins `one` and `two` both offer the resource `kit://note`")]
fn two_resources_have_one_address() {
    let third = mount("two", &third::PLUGIN).prefix("x");
    assert_unique(&[mount("one", &first::PLUGIN), third]);
}

#[test]
#[should_panic(expected = "the plugins `one` and `two` both offer the prompt `hello`")]
fn two_prompts_have_one_name() {
    assert_unique(&[mount("one", &second::PLUGIN), mount("two", &third::PLUGIN)]);
}

#[test]
#[should_panic(expected = "the plugins `two` and `gate` both offer the tool `gate_unlock`")]
fn a_tool_has_the_name_of_one_of_the_gate() {
    assert_unique(&[mount("one", &gated::PLUGIN), mount("two", &third::PLUGIN)]);
}

#[test]
fn one_that_is_not_offered_has_any_name() {
    assert_unique(&[
        mount("one", &first::PLUGIN).prefix("a").deny(&["b_c"]),
        mount("two", &second::PLUGIN).prefix("a_b"),
    ]);
}
