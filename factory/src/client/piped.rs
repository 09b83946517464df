//! The output of another program, read on a thread of its own: whoever waits for it can be interrupted.

use std::{
    io::{self, Read},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
};

use crate::{interrupt::Interrupt, process::TICK};

/// Bytes that are read at once, and pieces that wait. Behind them the program waits itself.
const PIECE: usize = 64 << 10;
const WAITING: usize = 4;

/// A stream that ends with an error once we have been asked to stop.
#[derive(Debug)]
pub(super) struct Piped {
    pieces: Receiver<Vec<u8>>,
    /// What of the last piece is not read yet.
    rest: io::Cursor<Vec<u8>>,
    interrupt: Interrupt,
}

impl Piped {
    pub(super) fn new(mut stream: impl Read + Send + 'static, interrupt: &Interrupt) -> Self {
        let (sender, pieces) = sync_channel(WAITING);
        // Ends with the pipe, or when nobody listens any more.
        thread::spawn(move || {
            let mut piece = vec![0; PIECE];
            while let Ok(read @ 1..) = stream.read(&mut piece) {
                if sender.send(piece[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            pieces,
            rest: io::Cursor::default(),
            interrupt: interrupt.clone(),
        }
    }
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Not `ErrorKind::Interrupted`, after which readers try again.
            if self.interrupt.is_set() {
                return Err(io::Error::other("interrupted"));
            }
            match self.rest.read(buffer)? {
                0 if !buffer.is_empty() => {}
                read => return Ok(read),
            }
            match self.pieces.recv_timeout(TICK) {
                Ok(piece) => self.rest = io::Cursor::new(piece),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_read() {
        let text: Vec<u8> = (0..=255).cycle().take(10 * PIECE + 7).collect();
        let mut read = Vec::new();
        Piped::new(io::Cursor::new(text.clone()), &Interrupt::default())
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, text);
    }
}
