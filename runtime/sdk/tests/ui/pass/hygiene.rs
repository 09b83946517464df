//! Expansions name nothing that an author could have named otherwise, and draw no lint.

#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::pedantic)]

use mcp_factory_sdk::{Context, Plugin, StartContext, StartError, ToolError, plugin};

#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod std {}
#[allow(dead_code, non_camel_case_types)]
struct Future;
#[allow(dead_code)]
enum Shadow {
    Some,
    None,
    Ok,
    Err,
}
#[allow(unused_imports)]
use Shadow::{Err, None, Ok, Some};

type Result<T> = ::std::result::Result<T, ToolError>;

/// The plugin.
#[derive(Debug)]
pub struct Strange;

impl Plugin for Strange {
    type Config = mcp_factory_sdk::NoConfig;

    async fn start(
        _: mcp_factory_sdk::NoConfig,
        _: &StartContext,
    ) -> ::std::result::Result<Self, StartError> {
        ::std::result::Result::Ok(Self)
    }
}

macro_rules! strange {
    ($name:literal, $scope:literal, $argument:ty, $result:ty) => {
        /// Made by a macro.
        #[plugin(name = $name)]
        impl Strange {
            /// Takes names that expansions could want.
            #[mcp_factory_sdk::tool(scope = $scope)]
            async fn odd(
                &self,
                /// A.
                #[arg(default = 3, minimum = 1)]
                error: $argument,
                /// B.
                mut value: Option<$argument>,
                context: &Context,
                /// C.
                arguments: String,
                /// D.
                schema: Vec<u8>,
                /// E.
                source: bool,
                /// F.
                result: bool,
            ) -> $result {
                let _ = (context, schema, source, result);
                ::std::result::Result::Ok(format!("{error}{:?}{arguments}", value.take()))
            }

            /// The same for a function that may block.
            #[mcp_factory_sdk::resource(uri = "strange://{plugin}/{variables}", scope = $scope)]
            fn still(&self, plugin: String, variables: u8) -> $result {
                ::std::result::Result::Ok(format!("{plugin}{variables}"))
            }
        }
    };
}

strange!("strange", "read", u32, Result<String>);

fn main() {}
