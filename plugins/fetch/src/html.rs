//! HTML in, Markdown out: cut into tokens, put into a tree, the article found in it, written down.
//!
//! Every step is linear in its input and none recurses, so a hostile page costs no more than a large one.
//! Nothing is executed, no style sheet is read.

mod hidden;
mod markdown;
mod readable;
mod token;
mod tree;

use mcp_factory_outbound::Url;

/// What was found in a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Article {
    pub(crate) title: Option<String>,
    pub(crate) markdown: String,
}

/// The article of a page, or the whole of it when it has none. `base` is the page's URL, for its links.
pub(crate) fn article(html: &str, base: &Url) -> Article {
    let tree = tree::parse(html);
    let base = tree
        .base()
        .and_then(|href| base.join(href).ok())
        .unwrap_or_else(|| base.clone());
    let article = readable::find(&tree);
    Article {
        title: tree.title(),
        markdown: markdown::write(&tree, &article, &base),
    }
}

#[cfg(test)]
mod tests;
