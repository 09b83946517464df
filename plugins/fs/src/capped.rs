//! Reading a file with a limit that is kept while reading, not taken from its size.

use std::io::{self, Read};

/// Reads at most `limit` bytes. The flag says whether there was more.
pub(crate) fn read(file: &mut impl Read, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
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
            let mut rest = content.as_slice();
            let (bytes, more) = read(&mut rest, 10).unwrap();
            assert_eq!((bytes.len(), more), expected);
            assert_eq!(length - rest.len(), length.min(11));
        }
    }
}
