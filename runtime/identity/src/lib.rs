//! Who is calling, over HTTP.

mod clock;
mod fetch;
mod strict_json;
#[cfg(test)]
mod testing;

pub use clock::Clock;
