//! Buffers that each thread keeps, for what is written to be copied to its size, or sent.
//!
//! Whoever writes JSON does not know how long it will be. A buffer that grows is copied at each step, and its last steps
//! are of the size that some allocators fetch from the system and give back at once: musl's does from some 8 KiB on.

use std::cell::Cell;

thread_local! {
    /// Two: a value is written into one while a part of it is made in the other.
    static KEPT: Cell<[Vec<u8>; 2]> = const { Cell::new([Vec::new(), Vec::new()]) };
}

/// What is kept at most, in bytes: there may be hundreds of threads.
pub const MOST: usize = 64 << 10;

/// An empty buffer, with room if this thread has kept some.
pub fn take() -> Vec<u8> {
    let [first, second] = KEPT.take();
    KEPT.set([second, Vec::new()]);
    first
}

/// Keeps a buffer for the next on this thread, unless it is larger than [`MOST`]. May be called on any thread, and while
/// one ends.
pub fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= MOST {
        buffer.clear();
        // A thread that ends keeps nothing.
        let _ended = KEPT.try_with(|kept| {
            let [mut last, _] = kept.take();
            if buffer.capacity() + last.capacity() > MOST {
                last = Vec::new();
            }
            kept.set([buffer, last]);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_one_and_empty() {
        let mut buffer = take();
        buffer.extend_from_slice(b"first");
        let place = buffer.as_ptr();
        give_back(buffer);
        let again = take();
        assert_eq!((again.len(), again.as_ptr()), (0, place));
        // One that is taken is nobody else's.
        assert_eq!(take().capacity(), 0);
    }

    #[test]
    fn two_are_kept_and_no_more() {
        for size in [10, 20, 30] {
            give_back(Vec::with_capacity(size));
        }
        assert_eq!(
            [take(), take(), take()].map(|room| room.capacity()),
            [30, 20, 0]
        );
        for size in [10, MOST - 5] {
            give_back(Vec::with_capacity(size));
        }
        let kept = [take(), take()].map(|room| room.capacity());
        assert_eq!(kept, [MOST - 5, 0], "both together are too much");
    }

    #[test]
    fn a_large_one_is_not_kept() {
        give_back(Vec::with_capacity(MOST + 1));
        assert_eq!(take().capacity(), 0);
    }
}
