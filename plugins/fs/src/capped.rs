//! Reading a file with a limit that is kept while reading, not taken from its size.

use std::io::{self, Read};

/// The most room that is made for a file because of what its size is said to be.
const MOST_TRUSTED: u64 = 1 << 20;

/// Reads at most `limit` bytes. The flag says whether there was more. `size` is what the file is said to have, and
/// saves steps when it is true.
pub(crate) fn read(file: &mut impl Read, limit: u64, size: u64) -> io::Result<(Vec<u8>, bool)> {
    // One more, so that the end is found without more room.
    let room = size.min(limit).min(MOST_TRUSTED) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let more = bytes.len() as u64 > limit;
    if more {
        bytes.pop();
    }
    Ok((bytes, more))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn no_byte_beyond_the_limit_and_at_most_one_is_taken() {
        for (length, expected) in [
            (0, (0, false)),
            (9, (9, false)),
            (10, (10, false)),
            (11, (10, true)),
            (99, (10, true)),
        ] {
            let content = vec![b'x'; length];
            for size in [0, 5, 10, 11, u64::MAX] {
                let mut rest = content.as_slice();
                let (bytes, more) = read(&mut rest, 10, size).unwrap();
                assert_eq!((bytes.len(), more), expected);
                assert_eq!(length - rest.len(), length.min(11));
            }
        }
    }
}
