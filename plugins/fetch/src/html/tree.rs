//! The elements of a page as one list, parents before their children. Not a browser's tree: end tags that
//! were left out are put in where readers would, and what is nested too deeply is flattened.

use mcp_factory_sdk::visible;

use super::token::{Tag, Token, Tokens};

/// Deeper elements are taken as if they were not there; their text stays.
const MAX_DEPTH: usize = 256;
/// The most elements and texts kept of a page.
const MAX_NODES: usize = 200_000;
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
            Token::Text(text) => {
                builder.push(Content::Text(visible(&text)));
            }
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
    /// How many more are open than are kept.
    too_deep: usize,
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
            self.end_implied(&tag.name);
            self.push(Content::Element(element(tag)));
        } else if self.open.len() >= MAX_DEPTH {
            self.too_deep += 1;
        } else {
            self.end_implied(&tag.name);
            let index = self.push(Content::Element(element(tag)));
            self.open.push(index);
        }
    }

    fn close(&mut self, name: &str) {
        if is_void(name) {
            return;
        }
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        for at in (0..self.open.len()).rev() {
            if self.name(at) == name {
                return self.pop_to(at);
            }
            // A stray end tag inside of a cell does not end the table.
            if matches!(self.name(at), "td" | "th") && !matches!(name, "tr" | "table") {
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

fn is_hidden(tag: &Tag<'_>) -> bool {
    let style: String = tag
        .attribute("style")
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let unseen = style.split(';').any(|rule| {
        matches!(
            rule.strip_suffix("!important").unwrap_or(rule),
            "display:none" | "visibility:hidden" | "opacity:0" | "font-size:0" | "font-size:0px"
        )
    });
    unseen
        || tag
            .attribute("hidden")
            .is_some_and(|value| value != "until-found")
        || tag.attribute("aria-hidden") == Some("true")
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
