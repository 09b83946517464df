use mcp_factory_sdk::{Guarded, Scope};

struct Mine;

impl Guarded for Mine {
    fn required_scope(&self) -> Scope {
        Scope::new("read")
    }
}

fn main() {}
