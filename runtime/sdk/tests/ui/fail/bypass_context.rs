use mcp_factory_sdk::{Call, Context, Principal};
use std::sync::Arc;

fn forge(call: Call) -> Context {
    Context::new(Arc::new(Principal::local()), call)
}

fn main() {}
