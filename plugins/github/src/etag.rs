//! Answers that GitHub may confirm instead of repeat: a confirmation does not count against the rate limit.
//!
//! Nothing is served from here without GitHub having confirmed it for the token in use at that moment.

use std::sync::Arc;

use mcp_factory_outbound::{Bytes, HeaderValue};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// The most answers that are kept, and the most bytes of them together.
const MOST: usize = 512;
const MOST_BYTES: u64 = 8 << 20;
/// A larger answer is not kept.
const LARGEST: usize = 1 << 20;

/// An answer and its mark.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) etag: HeaderValue,
    pub(crate) body: Bytes,
    pub(crate) next_page: Option<u32>,
}

/// What an answer was to: marks differ by token and by format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) token: u64,
    pub(crate) accept: &'static str,
    pub(crate) url: String,
}

#[derive(Clone, Debug)]
struct Size;

impl Weighter<Key, Arc<Kept>> for Size {
    fn weight(&self, key: &Key, kept: &Arc<Kept>) -> u64 {
        // What the maps around it cost, roughly.
        (key.url.len() + kept.body.len() + kept.etag.len() + 200) as u64
    }
}

/// The answers kept.
#[derive(Debug)]
pub(crate) struct Etags(Cache<Key, Arc<Kept>, Size>);

impl Default for Etags {
    fn default() -> Self {
        Self(Cache::with_weighter(MOST, MOST_BYTES, Size))
    }
}

impl Etags {
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Kept>> {
        self.0.get(key)
    }

    pub(crate) fn keep(&self, key: Key, kept: Kept) {
        if kept.body.len() <= LARGEST {
            self.0.insert(key, Arc::new(kept));
        }
    }

    /// How many, and how many bytes.
    pub(crate) fn size(&self) -> (usize, u64) {
        (self.0.len(), self.0.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(url: usize, token: u64) -> Key {
        Key {
            token,
            accept: "json",
            url: url.to_string(),
        }
    }

    #[test]
    fn it_is_bounded_and_apart_by_token() {
        let etags = Etags::default();
        let kept = |bytes| Kept {
            etag: HeaderValue::from_static("\"a\""),
            body: vec![0; bytes].into(),
            next_page: None,
        };
        for url in 0..2_000 {
            etags.keep(key(url, 1), kept(100_000));
        }
        let (count, bytes) = etags.size();
        assert!(count > 10 && bytes <= MOST_BYTES, "{count} {bytes}");
        etags.keep(key(9_999, 1), kept(LARGEST + 1));
        assert!(etags.get(&key(9_999, 1)).is_none());
        etags.keep(key(5, 1), kept(1));
        assert!(etags.get(&key(5, 1)).is_some() && etags.get(&key(5, 2)).is_none());
    }
}
