//! The line of a person: editing, history, completion, and questions for arguments.

use std::path::PathBuf;

use rustyline::{
    Context, Editor, Helper, Result,
    completion::Completer,
    highlight::Highlighter,
    hint::Hinter,
    history::{FileHistory, History as _},
    validate::Validator,
};

use crate::client::Parameter;

/// Lines that are remembered.
const REMEMBERED: usize = 1000;

pub(super) struct Terminal {
    editor: Editor<Words, FileHistory>,
    /// Where the lines of earlier times are.
    history: Option<PathBuf>,
}

/// The words that Tab knows.
#[derive(Default)]
struct Words(Vec<String>);

impl Terminal {
    pub(super) fn new(history: Option<PathBuf>) -> Result<Self> {
        let mut editor = Editor::new()?;
        editor.set_helper(Some(Words::default()));
        editor.history_mut().set_max_len(REMEMBERED)?;
        if let Some(path) = &history {
            // The first time there is none.
            let _absent = editor.load_history(path);
        }
        Ok(Self { editor, history })
    }

    pub(super) fn complete(&mut self, words: Vec<String>) {
        self.editor.set_helper(Some(Words(words)));
    }

    /// A line; `None` when there is none any more, or Ctrl-C.
    pub(super) fn read(&mut self, prompt: &str) -> Option<String> {
        let line = self.editor.readline(prompt).ok()?;
        let _kept = self.editor.add_history_entry(line.as_str());
        Some(line)
    }

    /// The value of one argument; `None` when the person would rather not.
    pub(super) fn ask(&mut self, parameter: &Parameter) -> Option<String> {
        let what = mcp_factory_sdk::visible(&parameter.description);
        let choices = if parameter.choices.is_empty() {
            String::new()
        } else {
            format!(" ({})", parameter.choices.join(" | "))
        };
        let words = std::mem::replace(&mut self.editor.helper_mut()?.0, parameter.choices.clone());
        let line = self.editor.readline(&format!(
            "{} {}{choices}\n  {what}: ",
            parameter.name, parameter.kind
        ));
        self.editor.helper_mut()?.0 = words;
        line.ok()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(path) = &self.history {
            // It is a comfort, and not worth a word when the disk is full.
            let _kept = path.parent().map(std::fs::create_dir_all);
            let _kept = self.editor.save_history(path);
        }
    }
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<String>)> {
        let before = line.get(..position).unwrap_or(line);
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |blank| blank + 1);
        let begun = &before[start..];
        let found = self
            .0
            .iter()
            .filter(|word| word.starts_with(begun))
            .cloned()
            .collect();
        Ok((start, found))
    }
}

impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}
