//! The protocol as a whole, over a plugin that has one of everything (`fixture`) and asked in every way that a
//! generator thinks of (`generate`): both lanes answer alike (`lanes`). And what comes of a panic (`panics`).

mod fixture;
mod generate;
mod lanes;
mod panics;
