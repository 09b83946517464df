//! The member names of the objects being read that mean nothing at their place, kept to find one that appears twice.
//!
//! Eight bytes a name, all in one stack, so an object of a million members costs
//! less than the message itself.

use smallvec::SmallVec;

use super::scan::same;

/// Set in [`Key::len`] when the name was written with escapes and lies decoded in the arena.
const DECODED: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Key {
    start: u32,
    len: u32,
}

impl Key {
    /// Bytes of the name, decoded.
    const fn length(self) -> u32 {
        self.len & !DECODED
    }
}

/// Names of every object that is open, innermost last.
#[derive(Debug)]
pub(super) struct Keys {
    /// Room for the names that a message usually has open at once.
    stack: SmallVec<[Key; 16]>,
    /// Names that had escapes, decoded: `"\u0061"` is the same name as `"a"`.
    arena: String,
}

impl Keys {
    pub(super) const fn new() -> Self {
        Self {
            stack: SmallVec::new_const(),
            arena: String::new(),
        }
    }

    /// Where the names of an object that opens now will begin.
    pub(super) fn open(&self) -> usize {
        self.stack.len()
    }

    /// Notes a name that stands in the message at `start`, without its quotes.
    pub(super) fn push(&mut self, start: usize, len: usize) {
        self.stack.push(Key {
            start: narrow(start),
            len: narrow(len),
        });
    }

    /// Notes a name that had to be decoded.
    pub(super) fn push_decoded(&mut self, name: &str) {
        let start = narrow(self.arena.len());
        self.arena.push_str(name);
        self.stack.push(Key {
            start,
            len: narrow(name.len()) | DECODED,
        });
    }

    /// Ends the object that began at `mark`: a name that it has twice, if any.
    pub(super) fn close<'a>(&'a mut self, mark: usize, text: &'a str) -> Option<&'a str> {
        let arena = self.arena.as_str();
        let name = |key: &Key| -> &'a str {
            let (source, len) = if key.len & DECODED == 0 {
                (text, key.len)
            } else {
                (arena, key.length())
            };
            &source[key.start as usize..(key.start + len) as usize]
        };
        let keys = &mut self.stack[mark..];
        // Pairs are cheaper than sorting for the handful of names an object usually has.
        let twice = if keys.len() <= 8 {
            keys.iter().enumerate().find_map(|(at, key)| {
                keys[..at]
                    .iter()
                    .any(|earlier| {
                        earlier.length() == key.length() && same(name(earlier), name(key))
                    })
                    .then(|| name(key))
            })
        } else {
            keys.sort_unstable_by(|left, right| name(left).cmp(name(right)));
            keys.windows(2)
                .find_map(|pair| (name(&pair[0]) == name(&pair[1])).then(|| name(&pair[1])))
        };
        self.stack.truncate(mark);
        twice
    }
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).expect("a message is at most 2 GiB")
}
