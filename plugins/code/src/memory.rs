//! How much memory the server occupies, as the kernel says.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// The open file that tells it; asking costs a fraction of a microsecond.
#[derive(Debug)]
pub(crate) struct Memory {
    statm: File,
    page: u64,
}

impl Memory {
    /// Finds out where to ask.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub(crate) fn open() -> io::Result<Self> {
        let memory = Self {
            statm: File::open("/proc/self/statm")?,
            page: rustix::param::page_size() as u64,
        };
        match memory.occupied() {
            Some(_) => Ok(memory),
            None => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    }

    /// What is occupied now, in bytes.
    pub(crate) fn occupied(&self) -> Option<u64> {
        let mut line = [0; 128];
        let read = self.statm.read_at(&mut line, 0).ok()?;
        let line = std::str::from_utf8(&line[..read]).ok()?;
        let pages: u64 = line.split(' ').nth(1)?.parse().ok()?;
        Some(pages.saturating_mul(self.page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_what_is_used() {
        let memory = Memory::open().expect("these tests need /proc");
        let before = memory.occupied().expect("a number");
        let mut block = vec![0_u8; 64 << 20];
        for byte in block.iter_mut().step_by(4096) {
            *byte = 1;
        }
        let after = memory.occupied().expect("a number");
        assert!(
            after - before > 60 << 20,
            "{before} {after} {}",
            block.len()
        );
    }
}
