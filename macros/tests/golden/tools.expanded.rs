// Written by `BLESS=1 cargo test -p mcp-factory-macros` from tools.rs.

use mcp_factory_sdk::prelude::*;
#[derive(Debug, Default)]
pub struct Notes;
#[derive(Serialize, JsonSchema)]
pub struct Added {
    /// How many there are now.
    count: u32,
}
/// Keeps notes.
impl Notes {
    /// Adds a note.
    ///
    /// It is kept until it is removed.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn add(
        &self,
        text: String,
        cx: &Context,
        copies: u32,
        labels: Option<Vec<String>>,
    ) -> Result<Added, ToolError> {
        if cx.is_cancelled() || labels.is_some_and(|labels| labels.contains(&text)) {
            return Err(ToolError::new("no"));
        }
        Ok(Added { count: copies })
    }
    /// Counts the notes, slowly.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn count(&self, cx: &Context) -> u64 {
        u64::from(cx.is_cancelled())
    }
    /// Looks into the notes, and waits only when it has to.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn look(&self, blocking: &Blocking) -> Result<String, ToolError> {
        blocking.run(String::new).await
    }
    /// Takes what its own schema allows.
    #[cfg(not(windows))]
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn raw(&self, arguments: serde_json::Value) -> String {
        arguments.to_string()
    }
}
impl ::mcp_factory_sdk::Plugin for Notes {
    type Config = ::mcp_factory_sdk::NoConfig;
    async fn start(
        _: ::mcp_factory_sdk::NoConfig,
        _: &::mcp_factory_sdk::StartContext,
    ) -> ::core::result::Result<Self, ::mcp_factory_sdk::StartError> {
        ::core::result::Result::Ok(<Self as ::core::default::Default>::default())
    }
}
///Keeps notes.
#[allow(unreachable_pub)]
pub static PLUGIN: ::mcp_factory_sdk::PluginDefinition = ::mcp_factory_sdk::__private::plugin(::mcp_factory_sdk::__private::PluginParts {
    name: "notes",
    version: ::core::env!("CARGO_PKG_VERSION"),
    description: "Keeps notes.",
    tools: &[
        ::mcp_factory_sdk::__private::tool({
            #[derive(::mcp_factory_sdk::__private::serde::Deserialize)]
            #[serde(crate = "::mcp_factory_sdk::__private::serde", deny_unknown_fields)]
            struct __McpfArguments {
                #[serde(rename = "text", deserialize_with = "__mcpf_read_text")]
                text: String,
                #[serde(
                    rename = "nCopies",
                    default = "__mcpf_default_copies",
                    deserialize_with = "__mcpf_read_copies"
                )]
                copies: u32,
                #[serde(
                    rename = "labels",
                    default,
                    deserialize_with = "__mcpf_read_labels"
                )]
                labels: Option<Vec<String>>,
            }
            fn __mcpf_read_text<'de, D>(
                source: D,
            ) -> ::core::result::Result<String, D::Error>
            where
                D: ::mcp_factory_sdk::__private::serde::Deserializer<'de>,
            {
                <String as ::mcp_factory_sdk::__private::Argument>::read(source)
            }
            const __MCPF_MIN_LENGTH_TEXT: ::core::primitive::usize = 1;
            const __MCPF_MAX_LENGTH_TEXT: ::core::primitive::usize = 4_000;
            fn __mcpf_read_copies<'de, D>(
                source: D,
            ) -> ::core::result::Result<u32, D::Error>
            where
                D: ::mcp_factory_sdk::__private::serde::Deserializer<'de>,
            {
                <u32 as ::mcp_factory_sdk::__private::Argument>::read(source)
            }
            fn __mcpf_default_copies() -> u32 {
                1
            }
            const __MCPF_MINIMUM_COPIES: u32 = 1;
            const __MCPF_MAXIMUM_COPIES: u32 = 10;
            fn __mcpf_read_labels<'de, D>(
                source: D,
            ) -> ::core::result::Result<Option<Vec<String>>, D::Error>
            where
                D: ::mcp_factory_sdk::__private::serde::Deserializer<'de>,
            {
                <Vec<
                    String,
                > as ::mcp_factory_sdk::__private::Argument>::read_optional(source)
            }
            const __MCPF_MAX_LENGTH_LABELS: ::core::primitive::usize = 8;
            fn __mcpf_input() -> ::mcp_factory_sdk::__private::Value {
                let schema = ::mcp_factory_sdk::__private::ObjectSchema::new();
                let schema = <String as ::mcp_factory_sdk::__private::Argument>::describe(
                    schema,
                    "text",
                    "The text.",
                    true,
                    &[
                        (
                            <String as ::mcp_factory_sdk::__private::Length>::MINIMUM,
                            ::mcp_factory_sdk::__private::Value::from(
                                __MCPF_MIN_LENGTH_TEXT,
                            ),
                        ),
                        (
                            <String as ::mcp_factory_sdk::__private::Length>::MAXIMUM,
                            ::mcp_factory_sdk::__private::Value::from(
                                __MCPF_MAX_LENGTH_TEXT,
                            ),
                        ),
                    ],
                );
                let schema = <u32 as ::mcp_factory_sdk::__private::Argument>::describe(
                    schema,
                    "nCopies",
                    "How many copies.",
                    false,
                    &[
                        (
                            "default",
                            <u32 as ::mcp_factory_sdk::__private::DefaultValue>::to_json(
                                &__mcpf_default_copies(),
                            ),
                        ),
                        (
                            "minimum",
                            ::mcp_factory_sdk::__private::Value::from(
                                __MCPF_MINIMUM_COPIES,
                            ),
                        ),
                        (
                            "maximum",
                            ::mcp_factory_sdk::__private::Value::from(
                                __MCPF_MAXIMUM_COPIES,
                            ),
                        ),
                    ],
                );
                let schema = <Vec<
                    String,
                > as ::mcp_factory_sdk::__private::Argument>::describe(
                    schema,
                    "labels",
                    "Labels.",
                    false,
                    &[
                        (
                            <Vec<
                                String,
                            > as ::mcp_factory_sdk::__private::Length>::MAXIMUM,
                            ::mcp_factory_sdk::__private::Value::from(
                                __MCPF_MAX_LENGTH_LABELS,
                            ),
                        ),
                    ],
                );
                schema.finish()
            }
            fn __mcpf_invoke(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_arguments: ::mcp_factory_sdk::Arguments<'_>,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Output> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Notes as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_arguments = ::mcp_factory_sdk::__private::arguments::<
                        __McpfArguments,
                    >(__mcpf_arguments, &["text", "nCopies", "labels"], &["text"])?;
                    let value = &__mcpf_arguments.text;
                    ::mcp_factory_sdk::__private::check_min_length(
                        "text",
                        <String as ::mcp_factory_sdk::__private::Length>::length(value),
                        __MCPF_MIN_LENGTH_TEXT,
                    )?;
                    ::mcp_factory_sdk::__private::check_max_length(
                        "text",
                        <String as ::mcp_factory_sdk::__private::Length>::length(value),
                        __MCPF_MAX_LENGTH_TEXT,
                    )?;
                    let value = &__mcpf_arguments.copies;
                    ::mcp_factory_sdk::__private::check_minimum(
                        "nCopies",
                        value,
                        &__MCPF_MINIMUM_COPIES,
                    )?;
                    ::mcp_factory_sdk::__private::check_maximum(
                        "nCopies",
                        value,
                        &__MCPF_MAXIMUM_COPIES,
                    )?;
                    if let ::core::option::Option::Some(value) = &__mcpf_arguments.labels
                    {
                        ::mcp_factory_sdk::__private::check_max_length(
                            "labels",
                            <Vec<
                                String,
                            > as ::mcp_factory_sdk::__private::Length>::length(value),
                            __MCPF_MAX_LENGTH_LABELS,
                        )?;
                    }
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = <Notes>::add(
                                    &__mcpf_plugin,
                                    __mcpf_arguments.text,
                                    &__mcpf_context,
                                    __mcpf_arguments.copies,
                                    __mcpf_arguments.labels,
                                )
                                .await;
                            match __mcpf_result {
                                ::core::result::Result::Ok(value) => {
                                    <Added as ::mcp_factory_sdk::__private::IntoOutput>::into_output(
                                        value,
                                    )
                                }
                                ::core::result::Result::Err(error) => {
                                    ::core::result::Result::Err(
                                        <ToolError as ::mcp_factory_sdk::__private::IntoToolError>::into_tool_error(
                                            error,
                                        ),
                                    )
                                }
                            }
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::ToolParts {
                name: "add_note",
                title: ::core::option::Option::Some("Add note"),
                description: "Adds a note.\n\nIt is kept until it is removed.",
                scope: ::mcp_factory_sdk::Scope::new("notes:write"),
                hints: ::mcp_factory_sdk::Hints {
                    read_only: false,
                    destructive: false,
                    idempotent: false,
                    open_world: false,
                },
                timeout: ::core::option::Option::Some(
                    ::core::time::Duration::from_millis(5000u64),
                ),
                cache: ::core::option::Option::None,
                gate: ::core::option::Option::None,
                rate: ::core::option::Option::None,
                context: true,
                input_schema: __mcpf_input,
                output_schema: <Added as ::mcp_factory_sdk::__private::IntoOutput>::output_schema,
                invoke: __mcpf_invoke,
            }
        }),
        ::mcp_factory_sdk::__private::tool({
            #[derive(::mcp_factory_sdk::__private::serde::Deserialize)]
            #[serde(crate = "::mcp_factory_sdk::__private::serde", deny_unknown_fields)]
            struct __McpfArguments {}
            fn __mcpf_input() -> ::mcp_factory_sdk::__private::Value {
                let schema = ::mcp_factory_sdk::__private::ObjectSchema::new();
                schema.finish()
            }
            fn __mcpf_invoke(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_arguments: ::mcp_factory_sdk::Arguments<'_>,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Output> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Notes as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_arguments = ::mcp_factory_sdk::__private::arguments::<
                        __McpfArguments,
                    >(__mcpf_arguments, &[], &[])?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = ::mcp_factory_sdk::__private::blocking(
                                    __mcpf_context,
                                    move |__mcpf_context| <Notes>::count(
                                        &__mcpf_plugin,
                                        __mcpf_context,
                                    ),
                                )
                                .await?;
                            <u64 as ::mcp_factory_sdk::__private::IntoOutput>::into_output(
                                __mcpf_result,
                            )
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::ToolParts {
                name: "count",
                title: ::core::option::Option::None,
                description: "Counts the notes, slowly.",
                scope: ::mcp_factory_sdk::Scope::new("read"),
                hints: ::mcp_factory_sdk::Hints {
                    read_only: true,
                    destructive: false,
                    idempotent: true,
                    open_world: false,
                },
                timeout: ::core::option::Option::None,
                cache: ::core::option::Option::Some(
                    ::core::time::Duration::from_millis(60000u64),
                ),
                gate: ::core::option::Option::None,
                rate: ::core::option::Option::None,
                context: true,
                input_schema: __mcpf_input,
                output_schema: <u64 as ::mcp_factory_sdk::__private::IntoOutput>::output_schema,
                invoke: __mcpf_invoke,
            }
        }),
        ::mcp_factory_sdk::__private::tool({
            #[derive(::mcp_factory_sdk::__private::serde::Deserialize)]
            #[serde(crate = "::mcp_factory_sdk::__private::serde", deny_unknown_fields)]
            struct __McpfArguments {}
            fn __mcpf_input() -> ::mcp_factory_sdk::__private::Value {
                let schema = ::mcp_factory_sdk::__private::ObjectSchema::new();
                schema.finish()
            }
            fn __mcpf_invoke(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_arguments: ::mcp_factory_sdk::Arguments<'_>,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Output> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Notes as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_arguments = ::mcp_factory_sdk::__private::arguments::<
                        __McpfArguments,
                    >(__mcpf_arguments, &[], &[])?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = <Notes>::look(
                                    &__mcpf_plugin,
                                    &::mcp_factory_sdk::__private::threads(&__mcpf_context),
                                )
                                .await;
                            match __mcpf_result {
                                ::core::result::Result::Ok(value) => {
                                    <String as ::mcp_factory_sdk::__private::IntoOutput>::into_output(
                                        value,
                                    )
                                }
                                ::core::result::Result::Err(error) => {
                                    ::core::result::Result::Err(
                                        <ToolError as ::mcp_factory_sdk::__private::IntoToolError>::into_tool_error(
                                            error,
                                        ),
                                    )
                                }
                            }
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::ToolParts {
                name: "look",
                title: ::core::option::Option::None,
                description: "Looks into the notes, and waits only when it has to.",
                scope: ::mcp_factory_sdk::Scope::new("read"),
                hints: ::mcp_factory_sdk::Hints {
                    read_only: true,
                    destructive: false,
                    idempotent: true,
                    open_world: false,
                },
                timeout: ::core::option::Option::None,
                cache: ::core::option::Option::None,
                gate: ::core::option::Option::None,
                rate: ::core::option::Option::None,
                context: false,
                input_schema: __mcpf_input,
                output_schema: <String as ::mcp_factory_sdk::__private::IntoOutput>::output_schema,
                invoke: __mcpf_invoke,
            }
        }),
        #[cfg(not(windows))]
        ::mcp_factory_sdk::__private::tool({
            fn __mcpf_input() -> ::mcp_factory_sdk::__private::Value {
                any_object()
            }
            fn __mcpf_invoke(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_arguments: ::mcp_factory_sdk::Arguments<'_>,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Output> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Notes as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_arguments = ::mcp_factory_sdk::__private::whole_arguments::<
                        serde_json::Value,
                    >(__mcpf_arguments)?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = <Notes>::raw(
                                    &__mcpf_plugin,
                                    __mcpf_arguments,
                                )
                                .await;
                            <String as ::mcp_factory_sdk::__private::IntoOutput>::into_output(
                                __mcpf_result,
                            )
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::ToolParts {
                name: "raw",
                title: ::core::option::Option::None,
                description: "Takes what its own schema allows.",
                scope: ::mcp_factory_sdk::Scope::new("admin"),
                hints: ::mcp_factory_sdk::Hints {
                    read_only: false,
                    destructive: true,
                    idempotent: true,
                    open_world: true,
                },
                timeout: ::core::option::Option::None,
                cache: ::core::option::Option::None,
                gate: ::core::option::Option::Some("shell"),
                rate: ::core::option::Option::Some(
                    ::mcp_factory_sdk::Rate::new(
                        1u32,
                        ::core::time::Duration::from_secs(30u64),
                    ),
                ),
                context: false,
                input_schema: __mcpf_input,
                output_schema: <String as ::mcp_factory_sdk::__private::IntoOutput>::output_schema,
                invoke: __mcpf_invoke,
            }
        }),
    ],
    resources: &[],
    prompts: &[],
    completions: &[],
    config_schema: <Notes as ::mcp_factory_sdk::__private::Lifecycle>::config_schema,
    start: <Notes as ::mcp_factory_sdk::__private::Lifecycle>::start,
    declares: ::core::option::Option::None,
});
fn any_object() -> serde_json::Value {
    serde_json::json!({ "type" : "object" })
}
