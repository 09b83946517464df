use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {}

#[derive(Debug, Default)]
pub struct Diary;

/// Keeps a diary.
#[plugin(name = "diary", stateless)]
impl Diary {}

fn main() {}
