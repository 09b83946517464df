//! Line endings: what a file of the working tree is in the object database.

use std::borrow::Cow;

use crate::attributes::Eol;
use crate::error::GitError;
use crate::objects::Blob;
use crate::session::Session;

impl Session<'_> {
    /// The bytes as `git add` would store them.
    pub(crate) fn to_git(
        &self,
        path: &[u8],
        eol: Eol,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, GitError> {
        if eol == Eol::Kept || !bytes.contains(&b'\r') {
            return Ok(bytes);
        }
        if eol == Eol::Auto {
            if looks_binary(&bytes) {
                return Ok(bytes);
            }
            // A file that has CRLF in the index keeps it.
            if let Some(id) = self.index()?.id_of(path)
                && let Blob::Bytes(stored) = self.blob(&id)?
                && stored.windows(2).any(|pair| pair == b"\r\n")
                && !looks_binary(&stored)
            {
                return Ok(bytes);
            }
        }
        Ok(without_crlf(&bytes).into_owned())
    }
}

fn without_crlf(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.windows(2).any(|pair| pair == b"\r\n") {
        return bytes.into();
    }
    let mut out = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out.into()
}

/// Git's rule for conversion: a NUL, a CR alone, or more than one unprintable byte in 128.
fn looks_binary(bytes: &[u8]) -> bool {
    let (mut printable, mut other) = (0_usize, 0_usize);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0 => return true,
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => return true,
            b'\r' | b'\n' => {}
            8 | b'\t' | 0x1b | 0x0c => printable += 1,
            // An end-of-file mark of old.
            0x1a if at + 1 == bytes.len() => {}
            0..32 | 127 => other += 1,
            _ => printable += 1,
        }
    }
    (printable >> 7) < other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crlf_goes() {
        assert_eq!(&*without_crlf(b"a\r\nb\rc\n\r\n\r"), b"a\nb\rc\n\n\r");
        assert_eq!(&*without_crlf(b"a\n"), b"a\n");
    }

    #[test]
    fn binary_is_told_as_git_does() {
        for text in [&b"a\r\nb\r\n"[..], b"", b"\t\x1b\x0c", b"a\x1a"] {
            assert!(!looks_binary(text), "{text:?}");
        }
        for binary in [&b"a\0"[..], b"a\rb", b"\x01\x02"] {
            assert!(looks_binary(binary), "{binary:?}");
        }
    }
}
