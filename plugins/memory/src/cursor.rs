//! Where a page ended: an opaque text that names the last entity and relation, not a count.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::MemoryError;
use crate::read::Selection;

/// The last entity and the last relation that were shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) entity: i64,
    pub(crate) relation: i64,
}

/// What ties a cursor to the selection it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selected(u64);

/// What a cursor begins with.
const VERSION: u8 = 1;

impl Selected {
    pub(crate) fn by(selection: &Selection) -> Self {
        let mut sum = Sum(0xCBF2_9CE4_8422_2325);
        match selection {
            Selection::All => sum.add(b"all"),
            Selection::Holding(text) => {
                sum.add(b"holding");
                sum.add(text.as_bytes());
            }
            Selection::Named(names) => {
                sum.add(b"named");
                for name in names {
                    sum.add(name.as_bytes());
                }
            }
        }
        Self(sum.0)
    }

    pub(crate) fn encode(self, position: Position) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.0.to_le_bytes());
        bytes.extend(position.entity.to_le_bytes());
        bytes.extend(position.relation.to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn decode(self, cursor: &str) -> Result<Position, MemoryError> {
        let bytes = (cursor.len() < 100)
            .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
            .flatten()
            .ok_or(MemoryError::BadCursor)?;
        let parts: Option<[[u8; 8]; 3]> = match bytes.split_first() {
            Some((&VERSION, rest)) if rest.len() == 24 => {
                let (parts, _) = rest.as_chunks::<8>();
                parts.try_into().ok()
            }
            _ => None,
        };
        let [selected, entity, relation] = parts.ok_or(MemoryError::BadCursor)?;
        if u64::from_le_bytes(selected) != self.0 {
            return Err(MemoryError::BadCursor);
        }
        Ok(Position {
            entity: i64::from_le_bytes(entity),
            relation: i64::from_le_bytes(relation),
        })
    }
}

/// FNV-1a: enough to notice a cursor in the wrong place; a cursor grants nothing.
struct Sum(u64);

impl Sum {
    fn add(&mut self, part: &[u8]) {
        let length = (part.len() as u64).to_le_bytes();
        for byte in length.iter().chain(part) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
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
            Selected::by(&Selection::Named(
                names.iter().map(ToString::to_string).collect(),
            ))
        };
        let own = named(&["a", "b"]);
        let cursor = own.encode(position);
        assert_eq!(own.decode(&cursor).unwrap(), position);
        for other in [
            named(&["ab"]),
            Selected::by(&Selection::All),
            Selected::by(&Selection::Holding("a".to_owned())),
        ] {
            assert!(other.decode(&cursor).is_err());
        }
        for bad in ["", "!", "AAAA", &"A".repeat(2000), &cursor[..20]] {
            assert!(own.decode(bad).is_err(), "{bad}");
        }
    }
}
