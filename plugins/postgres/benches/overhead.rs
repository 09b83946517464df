//! What a call of `query` costs beside the bare query.
fn main() {}
