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
