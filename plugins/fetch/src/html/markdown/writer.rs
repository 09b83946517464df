//! Words onto lines: spaces between them collapse, blank lines do not pile up, and every line begins with
//! the quotes and lists it stands in.

/// The most quotes and lists a line stands in; deeper ones look like the last.
const MAX_INDENT: usize = 12;

/// Text under construction.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    /// Line ends owed before the next word: 1 ends the line, 2 leaves one blank.
    owed: usize,
    space: bool,
    /// Opening markers that wait for a word: of a heading, and those after it.
    heading: String,
    pending: String,
    indents: Vec<Indent>,
    /// Indents asked for beyond the most there are.
    too_deep: usize,
    fence: Option<String>,
    fence_is_new: bool,
    row_is_new: bool,
    in_cell: usize,
}

#[derive(Debug)]
struct Indent {
    /// For the first line, until it is written.
    first: Option<String>,
    others: String,
}

impl Writer {
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn in_fence(&self) -> bool {
        self.fence.is_some()
    }

    pub(super) fn in_cell(&self) -> bool {
        self.in_cell > 0
    }

    /// Text of the page.
    pub(super) fn text(&mut self, text: &str) {
        if self.fence.is_some() {
            return self.verbatim(text);
        }
        self.space |= text.starts_with(char::is_whitespace);
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            self.word(word);
            self.space = words.peek().is_some() || text.ends_with(char::is_whitespace);
        }
    }

    /// One word, after the line ends, the space and the markers that are owed.
    pub(super) fn word(&mut self, word: &str) {
        if self.owed > 0 || self.out.is_empty() {
            self.new_line();
        } else if self.space {
            self.out.push(' ');
        }
        self.space = false;
        for markers in [&mut self.heading, &mut self.pending] {
            self.out.push_str(markers);
            markers.clear();
        }
        if self.in_cell > 0 && word.contains('|') {
            self.out.push_str(&word.replace('|', "\\|"));
        } else {
            self.out.push_str(word);
        }
    }

    /// A heading: its marker stands before whatever comes first of it.
    pub(super) fn open_heading(&mut self, level: usize) {
        self.block();
        if self.in_cell == 0 {
            self.heading = "#".repeat(level) + " ";
        }
    }

    pub(super) fn close_heading(&mut self) {
        self.heading.clear();
        self.block();
    }

    /// A word of ours: markers go on waiting for one of the page's.
    fn plain(&mut self, word: &str) {
        let pending = std::mem::take(&mut self.pending);
        self.word(word);
        self.pending = pending;
    }

    pub(super) fn line(&mut self) {
        self.owe(1);
    }

    pub(super) fn block(&mut self) {
        self.owe(2);
    }

    fn owe(&mut self, lines: usize) {
        if self.in_cell > 0 {
            self.space = true;
        } else if self.fence.is_some() {
            if lines == 1 {
                self.verbatim("\n");
            }
        } else {
            // A list item begins right after its marker.
            let begun = self
                .indents
                .last()
                .is_none_or(|indent| indent.first.is_none());
            self.owed = self.owed.max(if begun { lines } else { 1 });
        }
    }

    fn new_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if self.owed > 1 {
                let blank: String = self.continued().collect();
                self.out.push_str(blank.trim_end());
                self.out.push('\n');
            }
        }
        self.owed = 0;
        for indent in &mut self.indents {
            match indent.first.take() {
                Some(first) => self.out.push_str(&first),
                None => self.out.push_str(&indent.others),
            }
        }
    }

    /// How lines begin that are not the first of their list item.
    fn continued(&self) -> impl Iterator<Item = &str> {
        let begun = self
            .indents
            .iter()
            .take_while(|indent| indent.first.is_none());
        begun.map(|indent| indent.others.as_str())
    }

    /// A list item: the marker before its first line, room for it before the others.
    pub(super) fn indent(&mut self, marker: String) {
        let others = " ".repeat(marker.len());
        self.push_indent(Some(marker), others);
    }

    pub(super) fn quote(&mut self) {
        self.push_indent(None, "> ".to_owned());
    }

    fn push_indent(&mut self, first: Option<String>, others: String) {
        if self.in_cell > 0 || self.indents.len() >= MAX_INDENT {
            self.too_deep += 1;
        } else {
            self.indents.push(Indent { first, others });
        }
    }

    pub(super) fn outdent(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else {
            self.indents.pop();
        }
    }

    pub(super) fn open_marker(&mut self, marker: &str) {
        if self.fence.is_none() {
            self.pending.push_str(marker);
        }
    }

    /// Nothing at all when there was no word since it was opened.
    pub(super) fn close_marker(&mut self, marker: &str) {
        if self.fence.is_some() {
            return;
        }
        if self.pending.ends_with(marker) {
            self.pending.truncate(self.pending.len() - marker.len());
        } else {
            self.out.push_str(marker);
        }
    }

    pub(super) fn close_link(&mut self, target: Option<&str>) {
        let (Some(target), None) = (target, &self.fence) else {
            return;
        };
        if self.pending.ends_with('[') {
            self.pending.pop();
        } else {
            self.out.push_str("](");
            self.out
                .push_str(&target.replace('(', "%28").replace(')', "%29"));
            self.out.push(')');
        }
    }

    pub(super) fn open_fence(&mut self, fence: String, language: &str) {
        self.block();
        self.plain(&format!("{fence}{language}"));
        self.owed = 1;
        self.fence = Some(fence);
        self.fence_is_new = true;
    }

    pub(super) fn close_fence(&mut self) {
        let Some(fence) = self.fence.take() else {
            return;
        };
        self.owed = 1;
        self.plain(&fence);
        self.block();
    }

    /// Text in a fence: its line ends are the page's.
    fn verbatim(&mut self, text: &str) {
        // A line end right after the tag is not content.
        let text = if std::mem::take(&mut self.fence_is_new) {
            let start = text.trim_start_matches('\r');
            start.strip_prefix('\n').unwrap_or(text)
        } else {
            text
        };
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                if self.owed > 0 {
                    self.new_line();
                }
                self.owed = 1;
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            if !line.is_empty() {
                if self.owed > 0 {
                    self.new_line();
                }
                self.out.push_str(line);
            }
        }
    }

    /// A row is on the page from its first cell on.
    pub(super) fn start_row(&mut self) {
        self.row_is_new = true;
    }

    pub(super) fn open_cell(&mut self) {
        if std::mem::take(&mut self.row_is_new) {
            self.line();
            self.plain("|");
        }
        self.in_cell += 1;
        self.space = true;
    }

    pub(super) fn close_cell(&mut self) {
        self.in_cell = self.in_cell.saturating_sub(1);
        self.space = true;
        self.plain("|");
        self.space = true;
    }

    /// Whether there was a cell in it.
    pub(super) fn end_row(&mut self) -> bool {
        let is_empty = std::mem::take(&mut self.row_is_new);
        if !is_empty {
            self.line();
        }
        !is_empty
    }

    pub(super) fn separator(&mut self, columns: usize) {
        self.plain(&format!("|{}", " --- |".repeat(columns)));
        self.line();
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}
