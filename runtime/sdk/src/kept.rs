//! A buffer that each thread keeps, for what is written to be copied to its size, or sent.
//!
//! Whoever writes JSON does not know how long it will be. A buffer that grows is copied at each step, and its last steps
//! are of the size that some allocators fetch from the system and give back at once: musl's does from some 8 KiB on.

use std::cell::Cell;

thread_local! {
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The largest that is kept, in bytes: there may be hundreds of threads.
pub const MOST: usize = 64 << 10;

/// An empty buffer, with room if this thread has kept some.
pub fn take() -> Vec<u8> {
    KEPT.take()
}

/// Keeps a buffer for the next on this thread, unless it is larger than [`MOST`]. May be called on any thread, and while
/// one ends.
pub fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= MOST {
        buffer.clear();
        // A thread that ends keeps nothing.
        let _ended = KEPT.try_with(|kept| kept.set(buffer));
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
    fn a_large_one_is_not_kept() {
        give_back(Vec::with_capacity(MOST + 1));
        assert_eq!(take().capacity(), 0);
    }
}
