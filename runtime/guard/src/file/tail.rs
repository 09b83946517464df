//! Writing whole lines, one at a time.

use std::{
    io::{self, ErrorKind, Write},
    thread,
    time::Duration,
};

/// How long until a place that takes nothing now is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// How the last line ended.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Only a part of it was written: the next begins a line of its own.
    is_torn: bool,
}

impl Tail {
    /// After a line that was written in part, if `is_torn`.
    pub(crate) const fn after(is_torn: bool) -> Self {
        Self { is_torn }
    }

    /// Writes a line, all of it or an error; waits for a place that is slow.
    pub(crate) fn write(&mut self, out: &mut impl Write, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            put(out, b"\n").map_err(|(_, error)| error)?;
            self.is_torn = false;
        }
        put(out, line).map_err(|(written, error)| {
            self.is_torn = written > 0;
            error
        })
    }
}

/// Writes everything; else how much was written.
fn put(out: &mut impl Write, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A full pipe. Standard error may have been given to us in this mode too.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return Err((written, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `room` bytes, then is full until it is emptied.
    #[derive(Default)]
    struct Disk {
        room: usize,
        held: Vec<u8>,
        hiccups: Vec<ErrorKind>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(kind) = self.hiccups.pop() {
                return Err(kind.into());
            }
            let count = bytes.len().min(self.room);
            if count == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.room -= count;
            self.held.extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_torn_line_does_not_spoil_the_next() {
        let mut disk = Disk {
            room: 7,
            ..Disk::default()
        };
        let mut tail = Tail::default();
        tail.write(&mut disk, b"one\n").expect("there is room");
        for line in [b"two\n", b"tri\n"] {
            assert!(tail.write(&mut disk, line).is_err());
        }
        disk.room = 100;
        tail.write(&mut disk, b"four\n").expect("there is room");
        tail.write(&mut disk, b"five\n").expect("there is room");
        assert_eq!(disk.held, b"one\ntwo\nfour\nfive\n");
    }

    #[test]
    fn a_line_of_which_nothing_was_written_leaves_no_gap() {
        let mut disk = Disk::default();
        let mut tail = Tail::default();
        assert!(tail.write(&mut disk, b"one\n").is_err());
        disk.room = 100;
        tail.write(&mut disk, b"two\n").expect("there is room");
        assert_eq!(disk.held, b"two\n");
    }

    #[test]
    fn an_interruption_is_no_error() {
        let hiccups = vec![ErrorKind::Interrupted, ErrorKind::WouldBlock];
        let mut disk = Disk {
            room: 100,
            hiccups,
            ..Disk::default()
        };
        Tail::default()
            .write(&mut disk, b"one\n")
            .expect("it goes on");
        assert_eq!(disk.held, b"one\n");
    }
}
