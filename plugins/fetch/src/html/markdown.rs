//! A part of a page as Markdown: headings, lists, quotes, code, tables, links. One pass over the nodes; what
//! is open is kept on a list, so no page is too deep for it.

mod table;
mod writer;

use mcp_factory_outbound::Url;

use super::readable::Part;
use super::token::cut;
use super::tree::{Content, Element, Tree};
use table::Shape;
use writer::Writer;

/// The most bytes written.
const MAX_MARKDOWN: usize = 8 * 1024 * 1024;
/// The most bytes of a link's target; longer ones are data.
const MAX_TARGET: usize = 2000;

/// Writes a part of a page. `base` makes its links complete.
pub(super) fn write(tree: &Tree, part: &Part, base: &Url) -> String {
    let mut page = Page {
        tree,
        base,
        writer: Writer::default(),
        lists: Vec::new(),
        tables: Vec::new(),
    };
    let mut open: Vec<(usize, Closing)> = Vec::new();
    let mut index = part.start;
    while index < part.end && page.writer.len() < MAX_MARKDOWN {
        while let Some((end, _)) = open.last()
            && *end <= index
        {
            if let Some((_, closing)) = open.pop() {
                page.close(closing);
            }
        }
        let node = &tree.nodes[index];
        if part.left_out[index] {
            index = node.end;
            continue;
        }
        match &node.content {
            Content::Text(text) => page.writer.text(text),
            Content::Element(element) => {
                let closing = page.open(index, element);
                open.push((node.end, closing));
            }
        }
        index += 1;
    }
    while let Some((_, closing)) = open.pop() {
        page.close(closing);
    }
    page.writer.finish()
}

/// What is to be done at the end of an element.
enum Closing {
    Nothing,
    Line,
    Block,
    Heading,
    Marker(&'static str),
    Link(Option<String>),
    List,
    Item,
    Quote,
    Fence,
    Cell,
    Row,
    Table,
}

struct Page<'a> {
    tree: &'a Tree,
    base: &'a Url,
    writer: Writer,
    /// The open lists: the next number of a numbered one.
    lists: Vec<Option<u64>>,
    tables: Vec<Shape>,
}

impl Page<'_> {
    fn open(&mut self, index: usize, element: &Element) -> Closing {
        let writer = &mut self.writer;
        match element.name.as_str() {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                writer.open_heading(usize::from(element.name.as_bytes()[1] - b'0'));
                Closing::Heading
            }
            "p" | "figure" | "address" | "details" | "dl" => {
                writer.block();
                Closing::Block
            }
            "br" => {
                writer.line();
                Closing::Nothing
            }
            "hr" => {
                writer.block();
                writer.word("---");
                Closing::Block
            }
            "strong" | "b" => self.mark("**"),
            "em" | "i" => self.mark("_"),
            "code" | "kbd" | "samp" if !writer.in_fence() => self.mark("`"),
            "del" | "s" => self.mark("~~"),
            "a" => self.open_link(element),
            "img" => {
                self.image(element);
                Closing::Nothing
            }
            "ul" | "ol" | "menu" => {
                if self.lists.is_empty() {
                    writer.block();
                } else {
                    writer.line();
                }
                let start = element
                    .target
                    .as_deref()
                    .and_then(|start| start.parse().ok());
                let numbered = element.name == "ol";
                self.lists.push(numbered.then(|| start.unwrap_or(1)));
                Closing::List
            }
            "li" => {
                writer.line();
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "- ".to_owned(),
                };
                writer.indent(marker);
                Closing::Item
            }
            "dd" => {
                writer.line();
                writer.indent(": ".to_owned());
                Closing::Item
            }
            "blockquote" => {
                writer.block();
                writer.quote();
                Closing::Quote
            }
            "pre" | "xmp" => self.open_fence(index, element),
            "table" => {
                let shape = Shape::of(self.tree, index, self.tables.last());
                writer.block();
                self.tables.push(shape);
                Closing::Table
            }
            "tr" => self.open_row(),
            "td" | "th" => self.open_cell(),
            name if is_block(name) => {
                writer.line();
                Closing::Line
            }
            _ => Closing::Nothing,
        }
    }

    fn close(&mut self, closing: Closing) {
        let writer = &mut self.writer;
        match closing {
            Closing::Nothing => {}
            Closing::Line => writer.line(),
            Closing::Block => writer.block(),
            Closing::Heading => writer.close_heading(),
            Closing::Marker(marker) => writer.close_marker(marker),
            Closing::Link(target) => writer.close_link(target.as_deref()),
            Closing::List => {
                self.lists.pop();
                if self.lists.is_empty() {
                    writer.block();
                } else {
                    writer.line();
                }
            }
            Closing::Item => {
                writer.outdent();
                writer.line();
            }
            Closing::Quote => {
                writer.outdent();
                writer.block();
            }
            Closing::Fence => writer.close_fence(),
            Closing::Cell => writer.close_cell(),
            Closing::Row => {
                let written = writer.end_row();
                if let Some(Shape::Data { columns, headed }) = self.tables.last_mut()
                    && written
                    && !*headed
                {
                    *headed = true;
                    writer.separator(*columns);
                }
            }
            Closing::Table => {
                self.tables.pop();
                writer.block();
            }
        }
    }

    fn mark(&mut self, marker: &'static str) -> Closing {
        self.writer.open_marker(marker);
        Closing::Marker(marker)
    }

    /// A complete web address, or nothing: `javascript:` and `data:` say nothing to a reader.
    fn target(&self, target: Option<&str>) -> Option<String> {
        let url = self.base.join(cut(target?, MAX_TARGET + 1).trim()).ok()?;
        let web = matches!(url.scheme(), "http" | "https" | "mailto");
        let text = String::from(url);
        (web && text.len() <= MAX_TARGET).then_some(text)
    }

    fn open_link(&mut self, element: &Element) -> Closing {
        let target = element.target.as_deref();
        let target = target
            .filter(|target| !target.starts_with('#'))
            .and_then(|target| self.target(Some(target)));
        if target.is_some() {
            self.writer.open_marker("[");
        }
        Closing::Link(target)
    }

    fn image(&mut self, element: &Element) {
        let alt: Vec<&str> = element
            .alt
            .as_deref()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let Some(source) = self
            .target(element.target.as_deref())
            .filter(|_| !alt.is_empty())
        else {
            return;
        };
        self.writer.word(&format!("![{}]({source})", alt.join(" ")));
    }

    fn open_fence(&mut self, index: usize, element: &Element) -> Closing {
        if self.writer.in_fence() || self.writer.in_cell() {
            return Closing::Nothing;
        }
        let inside = index + 1..self.tree.nodes[index].end;
        let language = element.language.clone().or_else(|| {
            let code = self.tree.element(inside.clone().next()?)?;
            code.language.clone()
        });
        // The fence is longer than any inside of it.
        let longest = inside
            .filter_map(|index| self.tree.text(index))
            .map(longest_fence)
            .max();
        let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
        let language =
            language.filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        self.writer.open_fence(fence, &language.unwrap_or_default());
        Closing::Fence
    }

    fn open_row(&mut self) -> Closing {
        if let Some(Shape::Data { .. }) = self.tables.last() {
            self.writer.start_row();
            return Closing::Row;
        }
        self.writer.line();
        Closing::Line
    }

    fn open_cell(&mut self) -> Closing {
        if let Some(Shape::Data { .. }) = self.tables.last() {
            self.writer.open_cell();
            return Closing::Cell;
        }
        self.writer.line();
        Closing::Line
    }
}

fn longest_fence(text: &str) -> usize {
    text.split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "html"
            | "body"
            | "div"
            | "section"
            | "article"
            | "aside"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "form"
            | "fieldset"
            | "legend"
            | "figcaption"
            | "summary"
            | "dt"
            | "thead"
            | "tbody"
            | "tfoot"
            | "caption"
            | "center"
            | "option"
            | "hgroup"
            | "search"
    )
}
