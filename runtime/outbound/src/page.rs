//! Lists of a service that come in pages of its own, and answers that hold as much as a limit allows: a page
//! that is too large for one answer is returned in parts.

use mcp_factory_sdk::{BadCursor, CursorKey};
use serde::Serialize;

/// A place in a list: the service's own cursor, and how much of that page was returned already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The service's cursor of the page; empty for the first one.
    pub page: String,
    /// How many entries of that page were returned already.
    pub skip: u32,
}

impl Position {
    /// The place as a cursor of the list.
    pub fn encode(&self, list: CursorKey) -> String {
        list.encode(&[&self.skip.to_le_bytes()[..], self.page.as_bytes()].concat())
    }

    /// The place in an earlier answer of the same call; the beginning when there is none.
    ///
    /// # Errors
    /// When the cursor is not one of this list.
    pub fn decode(list: CursorKey, cursor: Option<&str>) -> Result<Self, BadCursor> {
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
            return Ok(Self::default());
        };
        let bytes = list.decode(cursor)?;
        let (skip, page) = bytes.split_first_chunk::<4>().ok_or(BadCursor)?;
        Ok(Self {
            page: String::from_utf8(page.to_vec()).map_err(|_| BadCursor)?,
            skip: u32::from_le_bytes(*skip),
        })
    }
}

/// Of the entries of the service's page at `position`, those not returned yet, as long as their JSON fits
/// into `limit` bytes; always at least one, so that a list gets on. With it: where the list goes on.
pub fn fit<T: Serialize>(
    entries: Vec<T>,
    position: &Position,
    next_page: Option<String>,
    limit: usize,
) -> (Vec<T>, Option<Position>) {
    let mut room = limit;
    let mut taken = Vec::new();
    let mut rest = entries.into_iter().skip(position.skip as usize).peekable();
    while let Some(entry) = rest.next_if(|entry| {
        let size = serde_json::to_vec(entry).map_or(0, |json| json.len() + 1);
        let fits = taken.is_empty() || size <= room;
        room = room.saturating_sub(size);
        fits
    }) {
        taken.push(entry);
    }
    let next = if rest.peek().is_some() {
        let taken = u32::try_from(taken.len()).unwrap_or(u32::MAX);
        Some(Position {
            page: position.page.clone(),
            skip: position.skip.saturating_add(taken),
        })
    } else {
        let page = next_page.filter(|page| !page.is_empty());
        page.map(|page| Position { page, skip: 0 })
    };
    (taken, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(page: &str, skip: u32) -> Position {
        Position {
            page: page.to_owned(),
            skip,
        }
    }

    #[test]
    fn a_page_that_is_too_large_comes_in_parts_and_nothing_is_lost() {
        let entries = || (0..10).map(|n| format!("{n:0>10}")).collect::<Vec<_>>();
        let mut position = at("p", 0);
        let mut seen = Vec::new();
        for _ in 0..10 {
            let (part, next) = fit(entries(), &position, Some("q".to_owned()), 40);
            assert!(part.len() <= 3, "{part:?}");
            seen.extend(part);
            position = next.expect("it goes on");
            if position.page == "q" {
                break;
            }
        }
        assert_eq!((seen, position), (entries(), at("q", 0)));
    }

    #[test]
    fn a_place_comes_back_only_to_its_own_list() {
        let list = CursorKey::new("users", &["a"]);
        let position = at("dXNlcjpVMDY=", 7);
        let cursor = position.encode(list);
        assert_eq!(Position::decode(list, Some(&cursor)), Ok(position));
        let other = CursorKey::new("channels", &["a"]);
        assert_eq!(Position::decode(other, Some(&cursor)), Err(BadCursor));
        assert_eq!(Position::decode(list, None), Ok(Position::default()));
        assert_eq!(Position::decode(list, Some("")), Ok(Position::default()));
        for short in [&b"abc"[..], b"\0\0\0\0\xff"] {
            let cursor = list.encode(short);
            assert_eq!(Position::decode(list, Some(&cursor)), Err(BadCursor));
        }
    }

    #[test]
    fn an_entry_larger_than_an_answer_does_not_stop_the_list() {
        let (part, next) = fit(vec!["x".repeat(99), "y".to_owned()], &at("", 0), None, 10);
        assert_eq!((part.len(), next), (1, Some(at("", 1))));
        let (part, next) = fit(vec!["x"], &at("", 0), Some(String::new()), 10);
        assert_eq!((part.len(), next), (1, None));
    }
}
