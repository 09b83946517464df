// Written by `BLESS=1 cargo test -p mcp-factory-macros` from after_errors.rs.

use mcp_factory_sdk::prelude::*;
#[derive(Debug, Default)]
pub struct Broken;
/// Has a tool without a scope.
impl Broken {
    /// Does something.
    #[allow(
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn act(&self, with: u32) -> u32 {
        with
    }
}
impl ::mcp_factory_sdk::Plugin for Broken {
    type Config = ::mcp_factory_sdk::NoConfig;
    async fn start(
        _: ::mcp_factory_sdk::NoConfig,
        _: &::mcp_factory_sdk::StartContext,
    ) -> ::core::result::Result<Self, ::mcp_factory_sdk::StartError> {
        ::core::result::Result::Ok(<Self as ::core::default::Default>::default())
    }
}
///Not usable: `#[plugin]` reported errors.
#[allow(unreachable_pub)]
pub static PLUGIN: ::mcp_factory_sdk::PluginDefinition = ::mcp_factory_sdk::__private::broken();
