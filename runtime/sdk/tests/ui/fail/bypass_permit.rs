use mcp_factory_sdk::{Permit, Principal, ToolDefinition};
use std::sync::Arc;

fn forge(definition: &'static ToolDefinition) -> Permit<'static, ToolDefinition> {
    Permit { definition, principal: Arc::new(Principal::local()) }
}

fn main() {}
