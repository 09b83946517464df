//! Which part of a page is what people come for. A page says so itself (`main`, one `article`), or its
//! paragraphs do: the element around most of them, after menus, banners and the like are left out.

use super::tree::{Content, Tree};

/// Fewer characters than these are no article.
const LEAST_TEXT: usize = 200;
/// A paragraph of fewer characters says nothing about where the article is.
const LEAST_PARAGRAPH: usize = 25;

/// A part of a page: one element, without some of those inside of it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
    /// By node: whether it is left out, with all inside of it.
    pub(super) left_out: Vec<bool>,
}

/// The article of a page; the whole page when it has none that is worth the name.
pub(super) fn find(tree: &Tree) -> Part {
    let end = tree.nodes.len();
    let whole = Part {
        start: 0,
        end,
        left_out: left_out(tree, None),
    };
    let everything = Lengths::new(tree, &whole.left_out);
    let clean = left_out(tree, Some(&everything));
    let lengths = Lengths::new(tree, &clean);
    let said = ["main", "article"].iter().find_map(|name| {
        let mut found = tree
            .named(name)
            .filter(|index| lengths.of(tree, *index) >= LEAST_TEXT);
        let first = found.next()?;
        // Several articles are a list of articles.
        found.next().is_none().then_some(first)
    });
    let Some(start) = said.or_else(|| around_paragraphs(tree, &clean, &lengths)) else {
        return whole;
    };
    let found = lengths.of(tree, start);
    if found < LEAST_TEXT || found * 10 < everything.total() {
        return whole;
    }
    Part {
        start,
        end: tree.nodes[start].end,
        left_out: clean,
    }
}

/// How much visible text there is, up to each node.
struct Lengths(Vec<usize>);

impl Lengths {
    fn new(tree: &Tree, left_out: &[bool]) -> Self {
        let mut sums = Vec::with_capacity(tree.nodes.len() + 1);
        let (mut sum, mut skip_to) = (0, 0);
        sums.push(0);
        for (index, node) in tree.nodes.iter().enumerate() {
            if left_out[index] {
                skip_to = skip_to.max(node.end);
            }
            if let (Content::Text(text), true) = (&node.content, index >= skip_to) {
                sum += text
                    .split_whitespace()
                    .map(|word| word.len() + 1)
                    .sum::<usize>();
            }
            sums.push(sum);
        }
        Self(sums)
    }

    fn of(&self, tree: &Tree, index: usize) -> usize {
        self.0[tree.nodes[index].end] - self.0[index]
    }

    fn total(&self) -> usize {
        self.0.last().copied().unwrap_or(0)
    }
}

/// The element that the paragraphs speak for: each gives its parent its worth, and its grandparent half.
fn around_paragraphs(tree: &Tree, left_out: &[bool], lengths: &Lengths) -> Option<usize> {
    let links = Links::new(tree, lengths);
    let mut scores = vec![0.0_f64; tree.nodes.len()];
    let mut open: Vec<usize> = Vec::new();
    let mut parents: Vec<Option<usize>> = vec![None; tree.nodes.len()];
    let mut skip_to = 0;
    for (index, node) in tree.nodes.iter().enumerate() {
        while open
            .last()
            .is_some_and(|open| tree.nodes[*open].end <= index)
        {
            open.pop();
        }
        parents[index] = open.last().copied();
        if left_out[index] {
            skip_to = skip_to.max(node.end);
        }
        let Content::Element(element) = &node.content else {
            continue;
        };
        let worth = match element.name.as_str() {
            "p" | "pre" | "blockquote" | "dd" if index >= skip_to => {
                worth(lengths.of(tree, index), links.share(tree, index, lengths))
            }
            _ => 0.0,
        };
        for (above, part) in open.iter().rev().zip([1.0, 0.5]) {
            scores[*above] += worth * part;
        }
        open.push(index);
    }
    let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
    if scores[best] <= 0.0 {
        return None;
    }
    // Up to the element that has the heading too, as long as little else comes with it.
    let headings: Vec<usize> = tree.named("h1").collect();
    let is_headed = |index: usize| {
        let first = headings.partition_point(|heading| *heading < index);
        let first = headings.get(first);
        first.is_some_and(|heading| *heading < tree.nodes[index].end)
    };
    let mut article = best;
    while let Some(above) = parents[article].filter(|_| !is_headed(article)) {
        let grown = lengths.of(tree, above) * 2 < lengths.of(tree, best) * 3;
        if !grown {
            break;
        }
        article = above;
    }
    // Nothing is gained by going up when no heading is found.
    let article = if is_headed(article) { article } else { best };
    Some(article)
}

#[expect(clippy::cast_precision_loss, reason = "a score")]
fn worth(length: usize, share_of_links: f64) -> f64 {
    if length < LEAST_PARAGRAPH {
        return 0.0;
    }
    (1.0 + (length as f64 / 100.0).min(3.0)) * (1.0 - share_of_links)
}

/// How much of the text is in links, up to each node.
struct Links(Vec<usize>);

impl Links {
    fn new(tree: &Tree, lengths: &Lengths) -> Self {
        let mut sums = Vec::with_capacity(tree.nodes.len() + 1);
        let (mut sum, mut inside_to) = (0, 0);
        sums.push(0);
        for index in 0..tree.nodes.len() {
            if index >= inside_to
                && tree
                    .element(index)
                    .is_some_and(|element| element.name == "a")
            {
                inside_to = tree.nodes[index].end;
                sum += lengths.of(tree, index);
            }
            sums.push(sum);
        }
        Self(sums)
    }

    #[expect(clippy::cast_precision_loss, reason = "a share")]
    fn share(&self, tree: &Tree, index: usize, lengths: &Lengths) -> f64 {
        let linked = self.0[tree.nodes[index].end] - self.0[index];
        (linked as f64 / lengths.of(tree, index).max(1) as f64).min(1.0)
    }
}

/// Marks what no reader wants: what is not text or not seen; and, given how much text there is, also what
/// stands around an article. What has most of the text is not around it, whatever it is called.
fn left_out(tree: &Tree, lengths: Option<&Lengths>) -> Vec<bool> {
    let judge = |index: usize| {
        let Some(element) = tree.element(index) else {
            return false;
        };
        if element.hidden || is_no_text(&element.name) {
            return true;
        }
        let Some(lengths) = lengths else {
            return false;
        };
        (is_around(&element.name) || sounds_around(&element.hints))
            && lengths.of(tree, index) * 2 <= lengths.total()
    };
    (0..tree.nodes.len()).map(judge).collect()
}

/// Whether what is in it is not text of the page.
pub(super) fn is_no_text(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "head"
            | "title"
            | "svg"
            | "math"
            | "canvas"
            | "iframe"
            | "object"
            | "embed"
            | "audio"
            | "video"
            | "noembed"
            | "noframes"
            | "select"
            | "datalist"
            | "textarea"
            | "dialog"
    )
}

fn is_around(name: &str) -> bool {
    matches!(name, "nav" | "aside" | "footer" | "button" | "form")
}

fn sounds_around(hints: &str) -> bool {
    const AROUND: &[&str] = &[
        "nav",
        "navbar",
        "navigation",
        "menu",
        "sidebar",
        "footer",
        "banner",
        "breadcrumb",
        "breadcrumbs",
        "comments",
        "complementary",
        "contentinfo",
        "cookie",
        "cookies",
        "consent",
        "related",
        "share",
        "sharing",
        "social",
        "newsletter",
        "subscribe",
        "popup",
        "modal",
        "promo",
        "advert",
        "advertisement",
        "ads",
        "search",
        "skip",
    ];
    let mut words = hints.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.any(|word| AROUND.contains(&word))
}
