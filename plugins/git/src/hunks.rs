//! The lines that differ between two texts, as `git diff` prints them.

use imara_diff::{Algorithm, Diff, Hunk, InternedInput};

/// A comparison, ready to be printed.
pub(crate) struct Hunks<'t> {
    input: InternedInput<&'t [u8]>,
    changes: Vec<Hunk>,
    pub(crate) additions: u32,
    pub(crate) deletions: u32,
}

impl<'t> Hunks<'t> {
    pub(crate) fn new(old: &'t [u8], new: &'t [u8]) -> Self {
        let input = InternedInput::new(old, new);
        let mut diff = Diff::compute(Algorithm::Myers, &input);
        diff.postprocess_lines(&input);
        Self {
            changes: diff.hunks().collect(),
            additions: diff.count_additions(),
            deletions: diff.count_removals(),
            input,
        }
    }

    /// The lines of the new text that stand at other places in the old one, as (new, old, length).
    pub(crate) fn common(&self) -> Vec<(u32, u32, u32)> {
        let mut common = Vec::new();
        let (mut old, mut new) = (0, 0);
        for hunk in &self.changes {
            common.push((new, old, hunk.after.start - new));
            old = hunk.before.end;
            new = hunk.after.end;
        }
        let rest = u32::try_from(self.input.after.len()).unwrap_or(u32::MAX) - new;
        common.push((new, old, rest));
        common.retain(|(_, _, length)| *length > 0);
        common
    }

    /// Unified hunks with `context` lines around them.
    pub(crate) fn print(&self, context: u32, out: &mut Vec<u8>) {
        let mut at = 0;
        while at < self.changes.len() {
            let mut end = at + 1;
            while end < self.changes.len()
                && self.changes[end].before.start - self.changes[end - 1].before.end
                    <= context.saturating_mul(2)
            {
                end += 1;
            }
            self.group(&self.changes[at..end], context, out);
            at = end;
        }
    }

    fn old(&self, line: u32) -> &'t [u8] {
        self.input.interner[self.input.before[line as usize]]
    }

    fn new_line(&self, line: u32) -> &'t [u8] {
        self.input.interner[self.input.after[line as usize]]
    }

    fn group(&self, hunks: &[Hunk], context: u32, out: &mut Vec<u8>) {
        let (Some(first), Some(last)) = (hunks.first(), hunks.last()) else {
            return;
        };
        let olds = u32::try_from(self.input.before.len()).unwrap_or(u32::MAX);
        let before = context.min(first.before.start);
        let after = context.min(olds - last.before.end);
        let old = first.before.start - before..last.before.end + after;
        let new = first.after.start - before..last.after.end + after;
        let header = format!("@@ -{} +{} @@", span(&old), span(&new));
        out.extend_from_slice(header.as_bytes());
        if let Some(function) = self.function(old.start) {
            out.push(b' ');
            out.extend_from_slice(function);
        }
        out.push(b'\n');
        let mut line = old.start;
        for hunk in hunks {
            (line..hunk.before.start).for_each(|line| push(b' ', self.old(line), out));
            hunk.before
                .clone()
                .for_each(|line| push(b'-', self.old(line), out));
            hunk.after
                .clone()
                .for_each(|line| push(b'+', self.new_line(line), out));
            line = hunk.before.end;
        }
        (line..old.end).for_each(|line| push(b' ', self.old(line), out));
    }

    /// The nearest line above that starts like the head of a function.
    fn function(&self, start: u32) -> Option<&'t [u8]> {
        let is_head = |line: &&[u8]| {
            line.first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$'))
        };
        let line = (0..start).rev().map(|line| self.old(line)).find(is_head)?;
        let line = &line[..line.len().min(80)];
        Some(line.trim_ascii_end())
    }
}

fn push(mark: u8, line: &[u8], out: &mut Vec<u8>) {
    out.push(mark);
    out.extend_from_slice(line);
    if !line.ends_with(b"\n") {
        out.extend_from_slice(b"\n\\ No newline at end of file\n");
    }
}

/// Lines from 1; an empty span names the line before it; a length of one is left out.
fn span(lines: &std::ops::Range<u32>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        length => format!("{},{length}", lines.start + 1),
    }
}
