//! Packing what was written, as `gzip` does (RFC 1952).

use std::io::{self, ErrorKind, Read, Write};

use crc32fast::Hasher;
use miniz_oxide::{
    MZFlush, MZStatus,
    deflate::{
        core::{CompressorOxide, create_comp_flags_from_zip_params},
        stream::deflate,
    },
};

/// How much is read at once.
const PIECE: usize = 64 << 10;
/// Magic bytes, deflate, no flags, no time, no hint, no operating system in particular.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// The usual balance of time and size.
const LEVEL: i32 = 6;
/// A window of 32 KiB; negative for no header of zlib's.
const WINDOW_BITS: i32 = -15;

/// Packs all of `from` into `to`. Goes on as long as `may_go_on`, which is asked after each piece.
pub(super) fn gzip(
    mut from: impl Read,
    mut to: impl Write,
    may_go_on: impl Fn() -> bool,
) -> io::Result<()> {
    let mut deflater =
        CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, WINDOW_BITS, 0));
    let (mut piece, mut packed) = (vec![0; PIECE], vec![0; PIECE]);
    let (mut check, mut size) = (Hasher::new(), 0_u32);
    to.write_all(&HEADER)?;
    loop {
        let count = match from.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            count => count?,
        };
        check.update(&piece[..count]);
        // The format has 32 bits for it, and so the rest of the division.
        size = size.wrapping_add(u32::try_from(count).unwrap_or_default());
        let flush = if count == 0 {
            MZFlush::Finish
        } else {
            MZFlush::None
        };
        let mut rest = &piece[..count];
        loop {
            let done = deflate(&mut deflater, rest, &mut packed, flush);
            to.write_all(&packed[..done.bytes_written])?;
            rest = &rest[done.bytes_consumed..];
            match done.status {
                Ok(MZStatus::StreamEnd) => {
                    to.write_all(&check.finalize().to_le_bytes())?;
                    return to.write_all(&size.to_le_bytes());
                }
                Ok(_) if count > 0 && rest.is_empty() => break,
                Ok(_) => {}
                Err(error) => return Err(io::Error::other(format!("{error:?}"))),
            }
        }
        if !may_go_on() {
            return Err(ErrorKind::Interrupted.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What the real one says is in it.
    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.gz");
        std::fs::write(&path, packed).expect("a file");
        let output = Command::new("gzip").arg("-dc").arg(path).output();
        let output = output.expect("gzip is everywhere");
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    #[test]
    fn gzip_reads_what_is_packed() {
        let line = b"{\"time\":\"2026-11-21T05:23:18.042Z\",\"event\":\"call\"}\n";
        let mut noise = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_le_bytes()[3]
        })
        .take(300_000)
        .collect();
        for text in [&b""[..], b"x", &line.repeat(10_000), &noise] {
            let mut packed = Vec::new();
            gzip(text, &mut packed, || true).expect("it is packed");
            assert!(unpacked(&packed) == text, "{} bytes", text.len());
        }
        let mut packed = Vec::new();
        gzip(&line.repeat(10_000)[..], &mut packed, || true).expect("it is packed");
        assert!(packed.len() < 10_000, "{} bytes", packed.len());
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let error = gzip(io::repeat(7), io::sink(), || false).expect_err("it stops");
        assert_eq!(error.kind(), ErrorKind::Interrupted);
    }
}
