//! Where the row of a caller is: 128 bits of a keyed hash, random for each process.
//!
//! Not the caller's name, so that a row has one size and a call copies nothing. Two callers share a
//! row when both halves agree, once in 2^128 pairs, and since the key is known to nobody, none can look
//! for such a pair. Their calls would then be counted together, and nothing else would happen.

use std::{fmt, hash::Hash};

use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// A caller, or an address, as the table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowKey {
    high: u64,
    low: u64,
}

impl RowKey {
    /// Bits that choose the shard; the map within it uses the others.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the low bits are as random"
    )]
    pub(super) const fn shard(self) -> usize {
        self.high as usize
    }
}

impl Hash for RowKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.low);
    }
}

/// Makes the keys of one table.
pub(super) struct RowKeys(SipHasher13);

impl Default for RowKeys {
    fn default() -> Self {
        Self(SipHasher13::new_with_keys(rand::random(), rand::random()))
    }
}

impl fmt::Debug for RowKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the key.
        formatter.debug_struct("RowKeys").finish_non_exhaustive()
    }
}

impl RowKeys {
    pub(super) fn of(&self, what: &impl Hash) -> RowKey {
        let mut hasher = self.0;
        what.hash(&mut hasher);
        let hash = hasher.finish128();
        RowKey {
            high: hash.h1,
            low: hash.h2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_anywhere_has_another_key() {
        let keys = RowKeys::default();
        let made = [
            keys.of(&("ab", "c", 1)),
            keys.of(&("a", "bc", 1)),
            keys.of(&("ab", "c", 2)),
            RowKeys::default().of(&("ab", "c", 1)),
        ];
        for (n, key) in made.iter().enumerate() {
            assert_ne!(key.high, key.low);
            assert!(made[n + 1..].iter().all(|other| other != key));
        }
        assert_eq!(keys.of(&("ab", "c", 1)), made[0]);
    }
}
