//! What a server said that nobody has looked at yet, within bounds: a server may talk without end.

/// In bytes.
const MOST: usize = 4 << 20;

/// A list that takes no more once it is full.
#[derive(Debug)]
pub(super) struct Kept<T> {
    items: Vec<T>,
    bytes: usize,
    lost: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            bytes: 0,
            lost: 0,
        }
    }
}

impl<T> Kept<T> {
    /// Keeps `item`, which was so many bytes, or counts it. One is kept however large it is.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        // The list itself costs something, too.
        let bytes = self.bytes + bytes + size_of::<T>();
        if self.lost > 0 || (bytes > MOST && !self.items.is_empty()) {
            self.lost += 1;
        } else {
            self.bytes = bytes;
            self.items.push(item);
        }
    }

    /// All that is kept, and how many were not; it is empty again.
    pub(super) fn take(&mut self) -> (Vec<T>, usize) {
        let all = std::mem::take(self);
        (all.items, all.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted() {
        let mut kept = Kept::default();
        kept.push('a', MOST);
        kept.push('b', 1);
        kept.push('c', 1);
        assert_eq!(kept.take(), (vec!['a'], 2));
        kept.push('d', 1);
        kept.push('e', 1);
        assert_eq!(kept.take(), (vec!['d', 'e'], 0));
        for _ in 0..MOST {
            kept.push('f', 0);
        }
        let (items, lost) = kept.take();
        assert!(items.len() <= MOST / size_of::<char>() && lost > 0);
    }
}
