//! The goldens of the macros compile, and they are what the macros make today of the same source.

#![allow(
    missing_docs,
    dead_code,
    unused_imports,
    unused_qualifications,
    unreachable_pub,
    clippy::pedantic,
    reason = "the goldens are generated, and as terse as their purpose allows"
)]

macro_rules! golden {
    ($($name:ident),+) => {$(
        mod $name {
            pub mod source {
                include!(concat!("../../../macros/tests/golden/", stringify!($name), ".rs"));
            }

            pub mod expanded {
                include!(concat!("../../../macros/tests/golden/", stringify!($name), ".expanded.rs"));
            }

            #[test]
            fn the_golden_offers_what_the_source_offers() {
                assert_eq!(super::offered(&source::PLUGIN), super::offered(&expanded::PLUGIN));
            }
        }
    )+};
}

golden!(tools, resources_and_prompts);

/// What stands in for an expansion after errors compiles too; its source does not, of course.
mod after_errors {
    include!("../../../macros/tests/golden/after_errors.expanded.rs");

    #[test]
    fn the_stub_offers_nothing() {
        assert_eq!(PLUGIN.tools().len(), 0);
    }
}

/// Everything in a definition that can be compared.
fn offered(plugin: &mcp_factory_sdk::PluginDefinition) -> Vec<String> {
    let tools = plugin.tools().iter().map(|tool| {
        let schemas = (tool.input_schema().to_string(), tool.output_schema());
        format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {} {schemas:?}",
            tool.name(),
            tool.scope(),
            tool.hints(),
            tool.timeout(),
            tool.cache(),
            tool.gate(),
            tool.rate(),
            tool.takes_context()
        )
    });
    let resources = plugin.resources().iter().map(|resource| {
        format!(
            "{} {} {:?}",
            resource.uri(),
            resource.name(),
            resource.cache()
        )
    });
    let prompts = plugin
        .prompts()
        .iter()
        .map(|prompt| format!("{} {:?}", prompt.name(), prompt.arguments()));
    let completions = plugin.completions().iter().map(|completion| {
        format!(
            "{:?} {} {:?}",
            completion.target(),
            completion.argument(),
            completion.scope()
        )
    });
    tools
        .chain(resources)
        .chain(prompts)
        .chain(completions)
        .collect()
}
