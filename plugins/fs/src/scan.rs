//! Searching one opened file for lines, within what is left of an answer.

use std::collections::VecDeque;
use std::io::{self, Read};

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkMatch,
};

use cap_std::fs::File;

use crate::budget::Until;
use crate::lines::cut;

/// The most bytes of one file that are searched.
const MOST_FILE_BYTES: u64 = 16 << 20;
/// The longest line that is searched, in bytes; a file with a longer one is searched up to it.
const LONGEST_LINE: usize = 64 << 10;
/// The most of a line that is shown, in characters.
const SHOWN_LINE: usize = 500;
/// How much of that stands before the match when the line is cut.
const SHOWN_BEFORE: usize = 100;

/// A line that matches.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) line: u64,
    pub(crate) col: u64,
    pub(crate) text: String,
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
}

/// What was found in one file.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) hits: Vec<Hit>,
    /// The file was not searched to its end.
    pub(crate) skipped: bool,
    /// The answer is full, and this file may hold more.
    pub(crate) full: bool,
}

/// A search over several files that ends in one answer.
#[derive(Debug)]
pub(crate) struct Scan<'c> {
    matcher: RegexMatcher,
    searcher: Searcher,
    context: usize,
    hits_left: usize,
    bytes_left: u64,
    until: Until<'c>,
}

impl<'c> Scan<'c> {
    /// For at most `hits` matches and about `bytes` bytes of text.
    pub(crate) fn new(
        matcher: RegexMatcher,
        context: usize,
        hits: usize,
        bytes: u64,
        until: Until<'c>,
    ) -> Self {
        let searcher = SearcherBuilder::new()
            .line_number(true)
            .before_context(context)
            .after_context(context)
            .binary_detection(BinaryDetection::quit(0))
            .heap_limit(Some(LONGEST_LINE))
            .build();
        Self {
            matcher,
            searcher,
            context,
            hits_left: hits,
            bytes_left: bytes,
            until,
        }
    }

    /// Searches a file after line `from`.
    pub(crate) fn file(&mut self, file: File, from: i64) -> Scanned {
        let mut reader = Bounded {
            file,
            left: MOST_FILE_BYTES,
            until: self.until,
            cut: false,
        };
        let mut found = Found {
            matcher: &self.matcher,
            from: u64::try_from(from).unwrap_or(0),
            context: self.context,
            hits_left: self.hits_left,
            bytes_left: self.bytes_left,
            hits: Vec::new(),
            before: VecDeque::new(),
            binary: false,
            full: false,
        };
        let result = self
            .searcher
            .search_reader(&self.matcher, &mut reader, &mut found);
        let Found {
            hits,
            hits_left,
            bytes_left,
            binary,
            full,
            ..
        } = found;
        self.hits_left = hits_left;
        self.bytes_left = bytes_left;
        let skipped = !full && (result.is_err() || binary || reader.cut);
        Scanned {
            hits,
            skipped,
            full,
        }
    }
}

/// A file that ends when enough was read or time is up.
struct Bounded<'c> {
    file: File,
    left: u64,
    until: Until<'c>,
    cut: bool,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || self.until.is_late() {
            // One more byte tells the end of the file from a cut.
            self.cut = self.cut || self.file.read(&mut [0])? > 0;
            return Ok(0);
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Collects hits with their context.
struct Found<'m> {
    matcher: &'m RegexMatcher,
    from: u64,
    context: usize,
    hits_left: usize,
    bytes_left: u64,
    hits: Vec<Hit>,
    /// The last lines that were seen.
    before: VecDeque<String>,
    binary: bool,
    full: bool,
}

impl Found<'_> {
    /// Puts a line where context is wanted: after hits that still lack some, and before the next one.
    fn pass(&mut self, number: u64, text: String) {
        if self.context == 0 {
            return;
        }
        let context = self.context as u64;
        for hit in self
            .hits
            .iter_mut()
            .rev()
            .take_while(|hit| number <= hit.line + context)
        {
            self.bytes_left = self.bytes_left.saturating_sub(text.len() as u64);
            hit.after.push(text.clone());
        }
        if self.before.len() == self.context {
            self.before.pop_front();
        }
        self.before.push_back(text);
    }
}

impl Sink for Found<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        let number = found.line_number().unwrap_or(0);
        let (text, col) = self.show(found.bytes());
        if number <= self.from {
            self.pass(number, text);
            return Ok(true);
        }
        if self.hits_left == 0 || self.bytes_left == 0 {
            // It still belongs to the context of the last hit.
            self.pass(number, text);
            self.full = true;
            return Ok(false);
        }
        let before: Vec<String> = self.before.iter().cloned().collect();
        let size = text.len() + before.iter().map(String::len).sum::<usize>();
        self.pass(number, text.clone());
        self.hits_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(size as u64);
        self.hits.push(Hit {
            line: number,
            col,
            text,
            before,
            after: Vec::new(),
        });
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        if *line.kind() != SinkContextKind::Other {
            let text = String::from_utf8_lossy(without_ending(line.bytes()));
            let text = cut(&text, SHOWN_LINE as u64).to_owned();
            self.pass(line.line_number().unwrap_or(0), text);
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> io::Result<bool> {
        self.before.clear();
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> io::Result<bool> {
        self.binary = true;
        Ok(false)
    }
}

impl Found<'_> {
    /// The line as it is shown, and the column of the first match.
    fn show(&self, line: &[u8]) -> (String, u64) {
        let line = without_ending(line);
        let start = self
            .matcher
            .find(line)
            .ok()
            .flatten()
            .map_or(0, |found| found.start());
        let head = String::from_utf8_lossy(&line[..start]);
        let col = head.chars().count();
        let text = String::from_utf8_lossy(line);
        if text.chars().count() <= SHOWN_LINE {
            return (text.into_owned(), col as u64 + 1);
        }
        let skip = col.saturating_sub(SHOWN_BEFORE);
        let mut shown: String = text.chars().skip(skip).take(SHOWN_LINE).collect();
        if skip > 0 {
            shown.insert(0, '…');
        }
        if text.chars().count() > skip + SHOWN_LINE {
            shown.push('…');
        }
        (shown, col as u64 + 1)
    }
}

/// A line without `\n` or `\r\n`.
fn without_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
