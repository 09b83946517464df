//! As many entries as fit into one answer.

use serde::Serialize;

use crate::cursor::Position;

/// Of the entries of the service's page at `position`, those not returned yet, as long as their JSON fits
/// into `limit` bytes; always at least one, so that a list gets on. With it: where the list goes on.
pub(crate) fn fit<T: Serialize>(
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
    fn an_entry_larger_than_an_answer_does_not_stop_the_list() {
        let (part, next) = fit(vec!["x".repeat(99), "y".to_owned()], &at("", 0), None, 10);
        assert_eq!((part.len(), next), (1, Some(at("", 1))));
        let (part, next) = fit(vec!["x"], &at("", 0), Some(String::new()), 10);
        assert_eq!((part.len(), next), (1, None));
    }
}
