//! Picking lines out of a text within a byte limit. Lines keep their endings.

/// Which lines are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// From line `offset` (from 1), at most `limit` of them.
    From { offset: u64, limit: Option<u64> },
    /// The last so many.
    Last(u64),
}

/// Lines that were picked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    pub(crate) content: String,
    /// Number of the first line in `content`.
    pub(crate) first: Option<u64>,
    /// How many lines the text has, when all of it is known.
    pub(crate) total: Option<u64>,
    /// `content` is not all there is.
    pub(crate) truncated: bool,
    /// Number of the first line after `content`, if there is one.
    pub(crate) next: Option<u64>,
}

/// All of a text whose end is known, when that is what is wanted and it fits into `budget` bytes; otherwise the text
/// again, to pick from. As [`pick`] would, without looking at each line.
pub(crate) fn all(text: String, wanted: Wanted, budget: u64) -> Result<Picked, String> {
    let everything = Wanted::From {
        offset: 1,
        limit: None,
    };
    if wanted != everything || text.len() as u64 > budget {
        return Err(text);
    }
    let ended = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
    let unended = !text.is_empty() && !text.ends_with('\n');
    Ok(Picked {
        content: text,
        first: Some(1),
        total: Some(ended + u64::from(unended)),
        truncated: false,
        next: None,
    })
}

/// Picks `wanted` lines, at most `budget` bytes. `more` means that the file goes on after `text`.
/// `Err` is the number of lines when the first one wanted is not among them.
pub(crate) fn pick(text: &str, wanted: Wanted, budget: u64, more: bool) -> Result<Picked, u64> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // What the last line would become is unknown when the text is cut inside it.
    let known = if more {
        lines.len().saturating_sub(1)
    } else {
        lines.len()
    };
    let total = known as u64;
    let (offset, limit) = match wanted {
        Wanted::From { offset, limit } => (offset, limit),
        Wanted::Last(count) => return Ok(last(&lines[..known], count, budget)),
    };
    if offset > total && (offset > 1 || more) {
        // A file that is one huge line still has a first line to begin.
        if !(more && offset == 1) {
            return Err(total);
        }
        return Ok(Picked {
            content: cut(text, budget).to_owned(),
            first: Some(1),
            total: None,
            truncated: true,
            next: None,
        });
    }
    let start = usize::try_from(offset - 1).unwrap_or(usize::MAX).min(known);
    let most = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let mut content = String::new();
    let mut end = start;
    for line in lines[start..known].iter().take(most) {
        let room = usize::try_from(budget)
            .unwrap_or(usize::MAX)
            .saturating_sub(content.len());
        if line.len() > room {
            // One line longer than a whole answer is begun, or it could never be passed.
            if content.is_empty() {
                content.push_str(cut(line, budget));
                end += 1;
            }
            break;
        }
        content.push_str(line);
        end += 1;
    }
    let truncated = more || content.len() < text.len();
    let next = (end < known || more).then_some(end as u64 + 1);
    Ok(Picked {
        content,
        first: Some(offset),
        total: (!more).then_some(total),
        truncated,
        next,
    })
}

/// The last `count` lines of the end of a file whose beginning was not read.
pub(crate) fn last_of_part(text: &str, count: u64, budget: u64) -> Picked {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // The first one is probably the end of a longer line; it is all there is if it is the only one.
    let whole = if lines.len() > 1 {
        &lines[1..]
    } else {
        &lines[..]
    };
    Picked {
        first: None,
        total: None,
        truncated: true,
        ..last(whole, count, budget)
    }
}

fn last(lines: &[&str], count: u64, budget: u64) -> Picked {
    let wanted = lines.len()
        - usize::try_from(count)
            .unwrap_or(usize::MAX)
            .min(lines.len());
    let mut start = lines.len();
    let mut bytes = 0_u64;
    while start > wanted && bytes + lines[start - 1].len() as u64 <= budget {
        start -= 1;
        bytes += lines[start].len() as u64;
    }
    let content = match lines.last() {
        Some(line) if start == lines.len() && count > 0 => {
            start -= 1;
            cut(line, budget).to_owned()
        }
        _ => lines[start..].concat(),
    };
    let truncated = start > 0 || content.len() < lines[start..].iter().map(|line| line.len()).sum();
    Picked {
        content,
        first: Some(start as u64 + 1),
        total: Some(lines.len() as u64),
        truncated,
        next: None,
    }
}

/// The longest beginning of `text` that fits into `budget` bytes and splits no character.
pub(crate) fn cut(text: &str, budget: u64) -> &str {
    let budget = usize::try_from(budget).unwrap_or(usize::MAX);
    &text[..text.floor_char_boundary(budget)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::TextRequest;

    const TEXT: &str = "one\ntwo\r\nthree";

    fn from(offset: u64, limit: Option<u64>, budget: u64) -> Picked {
        pick(TEXT, Wanted::From { offset, limit }, budget, false).unwrap()
    }

    #[test]
    fn all_of_it_keeps_line_endings() {
        let all = from(1, None, 100);
        assert_eq!(
            (all.content.as_str(), all.total, all.truncated, all.next),
            (TEXT, Some(3), false, None)
        );
        let empty = pick(
            "",
            Wanted::From {
                offset: 1,
                limit: None,
            },
            10,
            false,
        )
        .unwrap();
        assert_eq!(
            (empty.content.as_str(), empty.total, empty.truncated),
            ("", Some(0), false)
        );
    }

    #[test]
    fn all_at_once_is_what_would_be_picked() {
        for text in ["", "\n", "a", "a\n", "a\nb", "\n\n", TEXT, "é\r\n\né"] {
            for budget in [0, 1, 2, 100] {
                for (offset, limit) in [(1, None), (2, None), (1, Some(1)), (1, Some(9))] {
                    let wanted = Wanted::From { offset, limit };
                    match all(text.to_owned(), wanted, budget) {
                        Ok(picked) => assert_eq!(pick(text, wanted, budget, false), Ok(picked)),
                        Err(same) => assert_eq!(same, text),
                    }
                }
            }
        }
        let whole = TextRequest::whole("f").wanted().unwrap();
        assert!(all(TEXT.to_owned(), whole, 100).is_ok());
        assert!(all(TEXT.to_owned(), Wanted::Last(9), 100).is_err());
    }

    #[test]
    fn a_window_says_where_to_go_on() {
        let middle = from(2, Some(1), 100);
        assert_eq!(
            (middle.content.as_str(), middle.truncated, middle.next),
            ("two\r\n", true, Some(3))
        );
        let end = from(3, Some(5), 100);
        assert_eq!(
            (end.content.as_str(), end.truncated, end.next),
            ("three", true, None)
        );
        assert_eq!(from(1, Some(0), 100).next, Some(1));
        assert_eq!(
            pick(
                TEXT,
                Wanted::From {
                    offset: 4,
                    limit: None
                },
                9,
                false
            ),
            Err(3)
        );
    }

    #[test]
    fn the_budget_cuts_between_lines_and_only_a_huge_line_inside() {
        let cut = from(1, None, 8);
        assert_eq!((cut.content.as_str(), cut.next), ("one\n", Some(2)));
        let huge = from(3, None, 2);
        assert_eq!(
            (huge.content.as_str(), huge.truncated, huge.next),
            ("th", true, None)
        );
        let huge = pick(
            "ééé\nx",
            Wanted::From {
                offset: 1,
                limit: None,
            },
            3,
            false,
        )
        .unwrap();
        assert_eq!((huge.content.as_str(), huge.next), ("é", Some(2)));
    }

    #[test]
    fn the_last_lines() {
        let tail = |count, budget| pick(TEXT, Wanted::Last(count), budget, false).unwrap();
        assert_eq!(
            (tail(2, 100).content.as_str(), tail(2, 100).first),
            ("two\r\nthree", Some(2))
        );
        assert!(!tail(9, 100).truncated);
        assert_eq!(
            (tail(3, 6).content.as_str(), tail(3, 6).truncated),
            ("three", true)
        );
        assert_eq!(
            (tail(3, 2).content.as_str(), tail(3, 2).truncated),
            ("th", true)
        );
        assert_eq!(tail(0, 100).content, "");
        assert_eq!(
            last_of_part("end of a line\nlast\n", 5, 100).content,
            "last\n"
        );
        assert_eq!(last_of_part("one huge line", 5, 4).content, "one ");
    }

    #[test]
    fn a_cut_file_has_no_total() {
        let part = pick(
            "a\nb\nhalf",
            Wanted::From {
                offset: 2,
                limit: None,
            },
            100,
            true,
        )
        .unwrap();
        assert_eq!(
            (part.content.as_str(), part.total, part.truncated, part.next),
            ("b\n", None, true, Some(3))
        );
        let one = pick(
            "huge",
            Wanted::From {
                offset: 1,
                limit: None,
            },
            2,
            true,
        )
        .unwrap();
        assert_eq!((one.content.as_str(), one.truncated), ("hu", true));
        assert_eq!(
            pick(
                "a\nhalf",
                Wanted::From {
                    offset: 2,
                    limit: None
                },
                100,
                true
            ),
            Err(1)
        );
    }
}
