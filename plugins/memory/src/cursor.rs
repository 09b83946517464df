//! Where a page ended: the last entity and relation, not a count.

use mcp_factory_sdk::{BadCursor, CursorKey};

use crate::read::Selection;

/// The last entity and the last relation that were shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) entity: i64,
    pub(crate) relation: i64,
}

/// What ties a cursor to the selection it is of.
pub(crate) fn key(selection: &Selection) -> CursorKey {
    match selection {
        Selection::All => CursorKey::new("all", &[]),
        Selection::Holding(text) => CursorKey::new("holding", &[text]),
        Selection::Named(names) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            CursorKey::new("named", &names)
        }
    }
}

impl Position {
    pub(crate) fn encode(self, selected: CursorKey) -> String {
        let parts = [self.entity.to_le_bytes(), self.relation.to_le_bytes()];
        selected.encode(parts.as_flattened())
    }

    pub(crate) fn decode(selected: CursorKey, cursor: &str) -> Result<Self, BadCursor> {
        let bytes = selected.decode(cursor)?;
        let (parts, []) = bytes.as_chunks::<8>() else {
            return Err(BadCursor);
        };
        let &[entity, relation] = parts else {
            return Err(BadCursor);
        };
        Ok(Self {
            entity: i64::from_le_bytes(entity),
            relation: i64::from_le_bytes(relation),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_to_its_own_selection() {
        let position = Position {
            entity: 7,
            relation: -1,
        };
        let named = |names: &[&str]| {
            key(&Selection::Named(
                names.iter().map(ToString::to_string).collect(),
            ))
        };
        let own = named(&["a", "b"]);
        let cursor = position.encode(own);
        assert_eq!(Position::decode(own, &cursor), Ok(position));
        for other in [
            named(&["ab"]),
            key(&Selection::All),
            key(&Selection::Holding("a".to_owned())),
        ] {
            assert_eq!(Position::decode(other, &cursor), Err(BadCursor));
        }
        for bad in [&b""[..], &[0; 8], &[0; 15], &[0; 17], &[0; 24]] {
            let cursor = own.encode(bad);
            assert_eq!(Position::decode(own, &cursor), Err(BadCursor), "{bad:?}");
        }
    }
}
