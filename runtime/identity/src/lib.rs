//! Who is calling, over HTTP.

mod clock;
mod discovery;
mod fetch;
mod refresh;
mod strict_json;
#[cfg(test)]
mod testing;
mod verified;

pub use clock::Clock;
