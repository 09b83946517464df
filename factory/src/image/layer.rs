//! The one layer: a tar with the binary in it and nothing else, packed with gzip. The same binary gives the
//! same bytes: no clock, no name of a user or a machine.

use std::io;

use miniz_oxide::deflate::compress_to_vec;
use tar::{Builder, EntryType, Header};

/// Small enough at a bearable price; the level is part of what makes the digest.
const LEVEL: u8 = 6;
/// Magic, deflate, no flags, no time, no hint, and a system that is not told.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// A layer, packed and not.
#[derive(Debug)]
pub(super) struct Layer {
    /// The tar; its digest is what a configuration lists.
    pub(super) tar: Vec<u8>,
    /// The same, packed; its digest is what a manifest lists.
    pub(super) gzip: Vec<u8>,
}

/// The layer of a binary, called `name` in the root.
pub(super) fn layer(name: &str, binary: &[u8]) -> io::Result<Layer> {
    let mut builder = Builder::new(Vec::new());
    file(&mut builder, name, binary, 0o755)?;
    let tar = builder.into_inner()?;
    let mut gzip = GZIP_HEADER.to_vec();
    gzip.extend(compress_to_vec(&tar, LEVEL));
    gzip.extend(crc32fast::hash(&tar).to_le_bytes());
    // The format's own word for the length: modulo 2³².
    let length = u32::try_from(tar.len() as u64 & u64::from(u32::MAX)).unwrap_or_default();
    gzip.extend(length.to_le_bytes());
    Ok(Layer { tar, gzip })
}

/// Adds a file that belongs to root and was changed at the beginning of time.
pub(super) fn file<W: io::Write>(
    builder: &mut Builder<W>,
    path: &str,
    contents: &[u8],
    mode: u32,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(contents.len() as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    builder.append_data(&mut header, path, contents)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_layer_is_one_file_without_a_time() {
        let one = layer("server", b"\x7fELF").unwrap();
        assert_eq!(layer("server", b"\x7fELF").unwrap().gzip, one.gzip);
        let mut archive = tar::Archive::new(one.tar.as_slice());
        let mut entries = archive.entries().unwrap();
        let mut entry = entries.next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("server"));
        let header = entry.header();
        assert_eq!(
            (
                header.mode().unwrap(),
                header.uid().unwrap(),
                header.mtime().unwrap()
            ),
            (0o755, 0, 0)
        );
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        assert_eq!(contents, b"\x7fELF");
        assert!(entries.next().is_none());
    }
}
