//! The elements of a page as one list, parents before their children. Not a browser's tree: end tags that
//! were left out are put in where readers would, and what is nested too deeply is flattened.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use mcp_factory_sdk::visible;

use super::hidden::is_hidden;
use super::readable::is_no_text;
use super::token::{Tag, Token, Tokens};

/// Deeper elements are taken as if they were not there; their text stays, unless they hide it.
const MAX_DEPTH: usize = 256;
/// The most elements and texts kept of a page.
const MAX_NODES: usize = 200_000;
/// So many of the deeper elements an end tag may end: looking for more of them would cost the square of the
/// page's length.
const MAX_ENDED: usize = 64;
const MAX_TITLE: usize = 300;

/// A page.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

/// An element or a text. Those inside of it are the nodes after it, up to `end`.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) end: usize,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    Element(Element),
}

/// Of an element, what matters to a reader.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// `href` of a link, `src` of an image, `start` of a list.
    pub(super) target: Option<String>,
    /// `alt` of an image.
    pub(super) alt: Option<String>,
    /// `class`, `id` and `role`, in lower case.
    pub(super) hints: String,
    /// The language of code.
    pub(super) language: Option<String>,
    /// A reader of the page in a browser would not see it.
    pub(super) hidden: bool,
}

impl Tree {
    pub(super) fn element(&self, index: usize) -> Option<&Element> {
        match &self.nodes[index].content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        }
    }

    pub(super) fn text(&self, index: usize) -> Option<&str> {
        match &self.nodes[index].content {
            Content::Text(text) => Some(text),
            Content::Element(_) => None,
        }
    }

    /// The elements of this name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(move |index| {
            self.element(*index)
                .is_some_and(|element| element.name == name)
        })
    }

    /// What the page calls itself, on one line.
    pub(super) fn title(&self) -> Option<String> {
        let title = self.named("title").next()?;
        let text = self.text(title + 1)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let title: String = words.join(" ").chars().take(MAX_TITLE).collect();
        (!title.is_empty()).then_some(title)
    }

    /// The URL that the page's links are relative to, when it names one.
    pub(super) fn base(&self) -> Option<&str> {
        let base = self.named("base").next()?;
        self.element(base)?.target.as_deref()
    }
}

/// Puts a page into a tree.
pub(super) fn parse(html: &str) -> Tree {
    let mut builder = Builder::default();
    for token in Tokens::new(html) {
        if builder.tree.nodes.len() >= MAX_NODES {
            break;
        }
        match token {
            Token::Start(tag) => builder.open(&tag),
            Token::End(name) => builder.close(&name),
            Token::Text(text) if builder.hidden_from.is_none() => {
                builder.push(Content::Text(visible(&text)));
            }
            Token::Text(_) => {}
        }
    }
    builder.pop_to(0);
    builder.tree
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    /// The open elements, outermost first.
    open: Vec<usize>,
    /// Those that are open inside of these and are not kept: their names' marks, for there may be millions.
    deep: Vec<u64>,
    /// The outermost of the deep ones in which nothing is seen.
    hidden_from: Option<usize>,
}

impl Builder {
    fn push(&mut self, content: Content) -> usize {
        let index = self.tree.nodes.len();
        self.tree.nodes.push(Node {
            end: index + 1,
            content,
        });
        index
    }

    fn name(&self, at: usize) -> &str {
        let element = self.tree.element(self.open[at]);
        element.map_or("", |element| &element.name)
    }

    /// Ends the open elements from this one on.
    fn pop_to(&mut self, at: usize) {
        let end = self.tree.nodes.len();
        for index in self.open.drain(at..) {
            self.tree.nodes[index].end = end;
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        if is_void(&tag.name) {
            if self.hidden_from.is_none() {
                self.end_implied(&tag.name);
                self.push(Content::Element(element(tag)));
            }
        } else if self.open.len() >= MAX_DEPTH {
            self.open_deep(tag);
        } else {
            self.end_implied(&tag.name);
            let index = self.push(Content::Element(element(tag)));
            self.open.push(index);
        }
    }

    fn open_deep(&mut self, tag: &Tag<'_>) {
        let name = mark(&tag.name);
        let last = self.deep.last().copied();
        if last == Some(mark("p")) && ends_paragraph(&tag.name)
            || last == Some(name) && tag.name == "li"
        {
            self.end_deep(self.deep.len() - 1);
        }
        if is_hidden(tag) || is_no_text(&tag.name) {
            self.hidden_from.get_or_insert(self.deep.len());
        }
        self.deep.push(name);
    }

    /// Ends the deep elements from this one on.
    fn end_deep(&mut self, at: usize) {
        self.deep.truncate(at);
        self.hidden_from = self.hidden_from.filter(|hidden| *hidden < at);
    }

    fn close(&mut self, name: &str) {
        if is_void(name) {
            return;
        }
        // An end tag that ends nothing must not bring to light what is hidden.
        let (wanted, cells) = (mark(name), [mark("td"), mark("th")]);
        for (steps, at) in (0..self.deep.len()).rev().enumerate() {
            if self.deep[at] == wanted {
                return self.end_deep(at);
            }
            if steps + 1 == MAX_ENDED || cells.contains(&self.deep[at]) && !passes_cells(name) {
                return;
            }
        }
        for at in (0..self.open.len()).rev() {
            if self.name(at) == name {
                self.end_deep(0);
                return self.pop_to(at);
            }
            if matches!(self.name(at), "td" | "th") && !passes_cells(name) {
                return;
            }
        }
    }

    /// Ends what a new element cannot be inside of.
    fn end_implied(&mut self, name: &str) {
        let (ended, inside_of): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "menu"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "tr" => (&["tr"], &["table"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "thead" | "tbody" | "tfoot" => (&["thead", "tbody", "tfoot", "tr"], &["table"]),
            "option" | "optgroup" => (&["option"], &["select"]),
            name if ends_paragraph(name) => (&["p"], &[]),
            _ => return,
        };
        for at in (0..self.open.len()).rev() {
            if ended.contains(&self.name(at)) {
                return self.pop_to(at);
            }
            let outer = self.name(at);
            // A paragraph is ended through what is inside of a line, not through another block.
            let around = inside_of.is_empty() && (ends_paragraph(outer) || is_holder(outer));
            if around || inside_of.contains(&outer) {
                return;
            }
        }
    }
}

fn element(tag: &Tag<'_>) -> Element {
    let owned = |name: &str| tag.attribute(name).map(str::to_owned);
    let target = match tag.name.as_str() {
        "a" | "base" => owned("href"),
        "img" => owned("src"),
        "ol" => owned("start"),
        _ => None,
    };
    let hints: Vec<String> = ["class", "id", "role"]
        .into_iter()
        .filter_map(|name| tag.attribute(name))
        .map(str::to_ascii_lowercase)
        .collect();
    let language = tag.attribute("class").and_then(|class| {
        let mut classes = class.split_ascii_whitespace();
        classes.find_map(|class| class.strip_prefix("language-"))
    });
    Element {
        target,
        alt: owned("alt"),
        language: language.map(str::to_owned),
        hidden: is_hidden(tag),
        hints: hints.join(" "),
        name: tag.name.clone(),
    }
}

/// A stray end tag inside of a cell does not end the table.
fn passes_cells(ended: &str) -> bool {
    matches!(ended, "tr" | "table")
}

/// Stands for a name.
fn mark(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

/// What holds blocks, though a paragraph goes on before it.
fn is_holder(name: &str) -> bool {
    matches!(name, "li" | "dd" | "dt" | "td" | "th" | "body")
}

fn ends_paragraph(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "aside"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "ul"
            | "ol"
            | "dl"
            | "table"
            | "pre"
            | "blockquote"
            | "figure"
            | "form"
            | "hr"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
    )
}
