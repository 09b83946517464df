// Written by `BLESS=1 cargo test -p mcp-factory-macros` from resources_and_prompts.rs.

use mcp_factory_sdk::prelude::*;
#[derive(Debug)]
pub struct Diary;
impl Plugin for Diary {
    type Config = NoConfig;
    async fn start(_: NoConfig, _: &StartContext) -> Result<Self, StartError> {
        Ok(Self)
    }
}
/// A diary.
impl Diary {
    /// Today's page.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn today(&self) -> String {
        "Dear diary".to_owned()
    }
    /// The page of a day.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn page(&self, day: String, year: u16) -> Result<Resource, ToolError> {
        Ok(Resource::text(format!("{year}: {day}")))
    }
    /// Summarises a day.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn summarise(&self, day: String, words: Option<u32>) -> Prompt {
        Prompt::new().user(format!("{day} in {words:?} words"))
    }
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn complete_day(&self, value: String, words: Option<String>) -> Vec<String> {
        vec![value, words.unwrap_or_default()]
    }
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn complete_year(&self, value: String) -> Result<Vec<String>, ToolError> {
        Ok(vec![value])
    }
}
///A diary.
#[allow(unreachable_pub)]
pub static PLUGIN: ::mcp_factory_sdk::PluginDefinition = ::mcp_factory_sdk::__private::plugin(::mcp_factory_sdk::__private::PluginParts {
    name: "diary",
    version: ::core::env!("CARGO_PKG_VERSION"),
    description: "A diary.",
    tools: &[],
    resources: &[
        ::mcp_factory_sdk::__private::resource({
            fn __mcpf_read(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Resource> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Diary as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = <Diary>::today(&__mcpf_plugin).await;
                            <String as ::mcp_factory_sdk::__private::IntoResource>::into_resource(
                                __mcpf_result,
                            )
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::ResourceParts {
                uri: "diary://today",
                name: "today",
                title: ::core::option::Option::None,
                description: "Today's page.",
                mime_type: ::core::option::Option::Some("text/plain"),
                scope: ::mcp_factory_sdk::Scope::new("read"),
                cache: ::core::option::Option::Some(
                    ::core::time::Duration::from_millis(300000u64),
                ),
                context: false,
                read: __mcpf_read,
            }
        }),
        ::mcp_factory_sdk::__private::resource({
            fn __mcpf_read(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Resource> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Diary as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_value_day = <String as ::mcp_factory_sdk::__private::TextArgument>::read(
                        &__mcpf_variables,
                        "day",
                    )?;
                    let __mcpf_value_year = <u16 as ::mcp_factory_sdk::__private::TextArgument>::read(
                        &__mcpf_variables,
                        "year",
                    )?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = ::mcp_factory_sdk::__private::blocking(
                                    __mcpf_context,
                                    move |__mcpf_context| <Diary>::page(
                                        &__mcpf_plugin,
                                        __mcpf_value_day,
                                        __mcpf_value_year,
                                    ),
                                )
                                .await?;
                            match __mcpf_result {
                                ::core::result::Result::Ok(value) => {
                                    <Resource as ::mcp_factory_sdk::__private::IntoResource>::into_resource(
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
            ::mcp_factory_sdk::__private::ResourceParts {
                uri: "diary://{year}/{+day}",
                name: "page",
                title: ::core::option::Option::Some("A day"),
                description: "The page of a day.",
                mime_type: ::core::option::Option::None,
                scope: ::mcp_factory_sdk::Scope::new("read"),
                cache: ::core::option::Option::None,
                context: false,
                read: __mcpf_read,
            }
        }),
    ],
    prompts: &[
        ::mcp_factory_sdk::__private::prompt({
            fn __mcpf_get(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Prompt> {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Diary as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_value_day = <String as ::mcp_factory_sdk::__private::TextArgument>::read(
                        &__mcpf_variables,
                        "day",
                    )?;
                    let __mcpf_value_words = <u32 as ::mcp_factory_sdk::__private::TextArgument>::read_optional(
                        &__mcpf_variables,
                        "words",
                    )?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = <Diary>::summarise(
                                    &__mcpf_plugin,
                                    __mcpf_value_day,
                                    __mcpf_value_words,
                                )
                                .await;
                            <Prompt as ::mcp_factory_sdk::__private::IntoPrompt>::into_prompt(
                                __mcpf_result,
                            )
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::PromptParts {
                name: "summarise",
                title: ::core::option::Option::None,
                description: "Summarises a day.",
                arguments: &[
                    ::mcp_factory_sdk::PromptArgument {
                        name: "day",
                        description: "Which day.",
                        required: true,
                    },
                    ::mcp_factory_sdk::PromptArgument {
                        name: "words",
                        description: "In how many words.",
                        required: false,
                    },
                ],
                scope: ::mcp_factory_sdk::Scope::new("read"),
                context: false,
                get: __mcpf_get,
            }
        }),
    ],
    completions: &[
        ::mcp_factory_sdk::__private::completion({
            fn __mcpf_complete(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_typed: ::std::string::String,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<
                ::std::vec::Vec<::std::string::String>,
            > {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Diary as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    let __mcpf_value_words = <String as ::mcp_factory_sdk::__private::TextArgument>::read_optional(
                        &__mcpf_variables,
                        "words",
                    )?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = <Diary>::complete_day(
                                    &__mcpf_plugin,
                                    __mcpf_typed,
                                    __mcpf_value_words,
                                )
                                .await;
                            <Vec<
                                String,
                            > as ::mcp_factory_sdk::__private::IntoCompletions>::into_completions(
                                __mcpf_result,
                            )
                        }),
                    )
                })
            }
            ::mcp_factory_sdk::__private::CompletionParts {
                target: ::mcp_factory_sdk::CompletionTarget::Prompt("summarise"),
                argument: "day",
                scope: ::mcp_factory_sdk::Scope::new("read"),
                complete: __mcpf_complete,
            }
        }),
        ::mcp_factory_sdk::__private::completion({
            fn __mcpf_complete(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_typed: ::std::string::String,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<
                ::std::vec::Vec<::std::string::String>,
            > {
                ::mcp_factory_sdk::__private::attempt(move || {
                    let __mcpf_plugin = <Diary as ::mcp_factory_sdk::__private::Lifecycle>::of(
                        __mcpf_instance,
                    )?;
                    ::core::result::Result::Ok(
                        ::mcp_factory_sdk::__private::boxed(async move {
                            let __mcpf_result = ::mcp_factory_sdk::__private::blocking(
                                    __mcpf_context,
                                    move |__mcpf_context| <Diary>::complete_year(
                                        &__mcpf_plugin,
                                        __mcpf_typed,
                                    ),
                                )
                                .await?;
                            match __mcpf_result {
                                ::core::result::Result::Ok(value) => {
                                    <Vec<
                                        String,
                                    > as ::mcp_factory_sdk::__private::IntoCompletions>::into_completions(
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
            ::mcp_factory_sdk::__private::CompletionParts {
                target: ::mcp_factory_sdk::CompletionTarget::Resource(
                    "diary://{year}/{+day}",
                ),
                argument: "year",
                scope: ::mcp_factory_sdk::Scope::new("read"),
                complete: __mcpf_complete,
            }
        }),
    ],
    config_schema: <Diary as ::mcp_factory_sdk::__private::Lifecycle>::config_schema,
    start: <Diary as ::mcp_factory_sdk::__private::Lifecycle>::start,
    declares: ::core::option::Option::None,
});
