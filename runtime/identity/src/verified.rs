//! What is known of a token from the last time it was seen: a bounded cache that outlives neither the token
//! nor a few minutes. The token itself is not kept, only its digest.

use std::time::Duration;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// How many tokens are remembered, unless told.
pub(crate) const CAPACITY: usize = 4096;

/// SHA-256 of a token, whole: two tokens never share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Tokens by digest, each with a value (who it stands for, or that it stands for nobody).
#[derive(Debug)]
pub(crate) struct TokenCache<V> {
    entries: Cache<TokenDigest, Entry<V>>,
}

#[derive(Debug, Clone)]
struct Entry<V> {
    value: V,
    kept_until: Instant,
    refused_from: Option<u64>,
}

impl<V: Clone> TokenCache<V> {
    /// An empty cache of at most `capacity` tokens; the ones used least make room.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: Cache::new(capacity),
        }
    }

    /// The value of a token, if it is remembered and still good at `unix_now`.
    pub(crate) fn get(&self, token: &TokenDigest, unix_now: u64) -> Option<V> {
        let entry = self.entries.get(token)?;
        let expired = entry.refused_from.is_some_and(|from| from <= unix_now);
        (!expired && Instant::now() < entry.kept_until).then_some(entry.value)
    }

    /// Remembers `value` for `keep`, and not past `refused_from`: the first second of the wall clock at which
    /// verification itself would refuse the token as expired.
    pub(crate) fn insert(
        &self,
        token: TokenDigest,
        value: V,
        keep: Duration,
        refused_from: Option<u64>,
    ) {
        let entry = Entry {
            value,
            kept_until: Instant::now() + keep,
            refused_from,
        };
        self.entries.insert(token, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_token_is_known_until_it_expires_or_grows_old() {
        let cache = TokenCache::new(8);
        let token = TokenDigest::of("token");
        assert_eq!(cache.get(&token, 1_000), None);
        cache.insert(token, "ada", MINUTE, Some(1_030));
        assert_eq!(cache.get(&token, 1_029), Some("ada"));
        assert_eq!(cache.get(&token, 1_030), None, "expired");
        assert_eq!(cache.get(&TokenDigest::of("tokem"), 1_000), None);

        tokio::time::advance(Duration::from_millis(59_999)).await;
        assert_eq!(cache.get(&token, 1_000), Some("ada"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(cache.get(&token, 1_000), None, "too old");
    }

    #[tokio::test(start_paused = true)]
    async fn a_jump_of_the_clock_makes_nothing_stay_and_nothing_storm() {
        const HOUR: u64 = 3_600;
        const NOW: u64 = 1_000_000;
        let cache = TokenCache::new(8);
        let token = TokenDigest::of("token");
        cache.insert(token, "ada", MINUTE, Some(NOW + 1_800));
        // An hour forward it is refused, as the verification would refuse it, and the entry is no worse for it.
        assert_eq!(cache.get(&token, NOW + HOUR), None);
        assert_eq!(cache.get(&token, NOW), Some("ada"));
        // An hour back it is still known: nobody is asked again because of the jump.
        assert_eq!(cache.get(&token, NOW - HOUR), Some("ada"));
        // And it stays no longer than without one.
        tokio::time::advance(MINUTE).await;
        assert_eq!(cache.get(&token, NOW - HOUR), None);
    }

    #[tokio::test]
    async fn the_cache_is_bounded() {
        let cache = TokenCache::new(64);
        for number in 0..10_000 {
            cache.insert(TokenDigest::of(&number.to_string()), number, MINUTE, None);
        }
        assert!(cache.entries.len() <= 64);
        assert_eq!(cache.get(&TokenDigest::of("9999"), 0), Some(9_999));
    }
}
