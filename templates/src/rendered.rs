//! A file that has been written in memory, and the check that every one of them passes.

use thiserror::Error;

/// A file: where it goes, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// Its path relative to the directory that is being written, with `/` between the parts.
    pub path: String,
    /// Its text; lines end with `\n`.
    pub contents: String,
}

/// A model could not be written as text.
#[derive(Debug, Error)]
pub enum RenderError {
    /// The template engine refused.
    #[error("failed to render {path}")]
    Template {
        /// The file.
        path: String,
        /// Why.
        source: askama::Error,
    },
    /// A name has letters that no such name has, and would be written without quotes.
    #[error("{0:?} is no name")]
    Name(String),
    /// The text is not Rust, or not TOML. Some string got out of its quotes.
    #[error("the rendered {path} does not parse: {reason}")]
    Unparsable {
        /// The file.
        path: String,
        /// What the parser said.
        reason: String,
    },
}

/// Renders a template and parses the outcome again.
pub(crate) fn render(
    path: impl Into<String>,
    template: &impl askama::Template,
) -> Result<RenderedFile, RenderError> {
    let path = path.into();
    match template.render() {
        Ok(contents) => check(path, contents),
        Err(source) => Err(RenderError::Template { path, source }),
    }
}

/// Takes text that was made elsewhere, such as defaults, under the same check.
pub(crate) fn check(path: String, mut contents: String) -> Result<RenderedFile, RenderError> {
    if !contents.ends_with('\n') {
        contents.push('\n');
    }
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let parsed = match extension {
        "rs" => syn::parse_file(&contents)
            .map(drop)
            .map_err(|error| error.to_string()),
        "toml" => toml::from_str::<toml::Table>(&contents)
            .map(drop)
            .map_err(|error| error.message().to_owned()),
        _ => Ok(()),
    };
    match parsed {
        Ok(()) => Ok(RenderedFile { path, contents }),
        Err(reason) => Err(RenderError::Unparsable { path, reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_parse_is_refused() {
        for (path, text) in [("main.rs", "fn main( {}"), ("a.toml", "a = \"")] {
            let error = check(path.to_owned(), text.to_owned()).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("the rendered {path} does not parse: ")),
                "{error}"
            );
        }
        assert!(check("README.md".to_owned(), "fn main( {}".to_owned()).is_ok());
    }
}
