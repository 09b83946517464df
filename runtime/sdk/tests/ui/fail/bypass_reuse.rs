use mcp_factory_sdk::{Arguments, Call, Instance, Permit, ToolDefinition};

fn twice(permit: Permit<'_, ToolDefinition>, instance: &Instance, call: Call) {
    let _first = permit.invoke(instance, Arguments::none(), call.clone());
    let _second = permit.invoke(instance, Arguments::none(), call);
}

fn copied(permit: &Permit<'static, ToolDefinition>) -> Permit<'static, ToolDefinition> {
    permit.clone()
}

fn main() {}
