//! Bytes to lines, holding at most one line of the allowed length.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Read at a time; also what a pipe holds.
const CHUNK: usize = 64 << 10;
/// Room that is too little to read into.
const LITTLE: usize = CHUNK / 4;
/// Rooms whose lines are still on their way are kept, at most so many, to be used again: the system would have to be
/// asked for a new one each time, and for each of its pages.
const KEPT: usize = 2;

/// What stdin had to say next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its line feed; never blank.
    Text(Bytes),
    /// A line over the limit; it was thrown away up to its line feed.
    TooLong,
    /// The other side closed.
    End,
}

/// Splits a byte stream into lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    buffer: BytesMut,
    /// Rooms that were read into before.
    used: Vec<BytesMut>,
    /// Whether the buffer is not to be kept: it grew with a long line, or has no room yet.
    passing: bool,
    /// How far the buffer is known to hold no line feed.
    searched: usize,
    max: usize,
    discarding: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, max: usize) -> Self {
        Self {
            input,
            buffer: BytesMut::new(),
            used: Vec::new(),
            passing: true,
            searched: 0,
            max,
            discarding: false,
        }
    }

    /// The next line. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        loop {
            if let Some(line) = self.cut() {
                return Ok(line);
            }
            self.make_room();
            if self.input.read_buf(&mut self.buffer).await? == 0 {
                return Ok(self.rest());
            }
        }
    }

    /// Has room to read into: what is left, a room whose lines are all gone, or a new one.
    fn make_room(&mut self) {
        if self.passing && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        let left = self.buffer.capacity() - self.buffer.len();
        if left >= LITTLE || (!self.passing && self.buffer.try_reclaim(CHUNK)) {
            return;
        }
        if self.buffer.len() > LITTLE {
            // A long line: its room grows with it.
            self.passing = true;
            self.buffer.reserve(CHUNK);
            return;
        }
        let room = CHUNK + LITTLE;
        let free = (self.used.iter_mut()).position(|used| used.try_reclaim(room));
        let mut next = match free {
            Some(place) => self.used.swap_remove(place),
            None => BytesMut::with_capacity(room),
        };
        next.extend_from_slice(&self.buffer);
        let mut used = std::mem::replace(&mut self.buffer, next);
        if !std::mem::take(&mut self.passing) && self.used.len() < KEPT {
            used.clear();
            self.used.push(used);
        }
    }

    fn cut(&mut self) -> Option<Line> {
        while let Some(found) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            let line = self.buffer.split_to(self.searched + found + 1);
            self.searched = 0;
            if std::mem::take(&mut self.discarding) {
                continue;
            }
            if let Some(line) = self.judge(line) {
                return Some(line);
            }
        }
        self.searched = self.buffer.len();
        // One more than the limit, so that a carriage return never tips the scales.
        if self.buffer.len() > self.max.saturating_add(1) {
            self.buffer.clear();
            self.searched = 0;
            // Said at once: the sender may be waiting and never end the line.
            return (!std::mem::replace(&mut self.discarding, true)).then_some(Line::TooLong);
        }
        if self.discarding {
            self.buffer.clear();
            self.searched = 0;
        }
        None
    }

    /// What stands after the last line feed when the input ends.
    fn rest(&mut self) -> Line {
        let line = self.buffer.split();
        self.searched = 0;
        if std::mem::take(&mut self.discarding) {
            return Line::End;
        }
        self.judge(line).unwrap_or(Line::End)
    }

    fn judge(&self, mut line: BytesMut) -> Option<Line> {
        let text = line.trim_ascii_end().len();
        line.truncate(text);
        if line.trim_ascii_start().is_empty() {
            None
        } else if line.len() > self.max {
            Some(Line::TooLong)
        } else {
            Some(Line::Text(line.freeze()))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn all(chunks: &[&[u8]], max: usize) -> Vec<String> {
        let (mut near, far) = tokio::io::duplex(3);
        let mut lines = Lines::new(far, max);
        let write = async {
            for chunk in chunks {
                near.write_all(chunk).await.unwrap();
            }
            drop(near);
        };
        let read = async {
            let mut seen = Vec::new();
            loop {
                match lines.next().await.unwrap() {
                    Line::Text(text) => seen.push(String::from_utf8_lossy(&text).into_owned()),
                    Line::TooLong => seen.push("TOO LONG".to_owned()),
                    Line::End => break seen,
                }
            }
        };
        tokio::join!(write, read).1
    }

    #[tokio::test]
    async fn lines_come_whole_whatever_the_chunks() {
        assert_eq!(
            all(&[b"ab", b"c\nd\r\n\n \t\r\n", b"ef"], 100).await,
            ["abc", "d", "ef"]
        );
        assert_eq!(all(&[b"\n\n\r\n"], 100).await, [""; 0]);
    }

    #[tokio::test]
    async fn a_long_line_is_named_once_and_skipped() {
        assert_eq!(
            all(&[b"12345\r\n123456\nx\n"], 5).await,
            ["12345", "TOO LONG", "x"]
        );
        assert_eq!(all(&[&[b'z'; 1000], b"\nx\n"], 5).await, ["TOO LONG", "x"]);
        assert_eq!(all(&[&[b'z'; 1000]], 5).await, ["TOO LONG"]);
    }

    #[test]
    fn a_room_is_used_again_when_its_lines_are_gone() {
        let mut lines = Lines::new(tokio::io::empty(), 1 << 20);
        let mut fill = || {
            lines.make_room();
            let place = lines.buffer.as_ptr();
            lines.buffer.resize(lines.buffer.capacity(), b'x');
            (place, lines.buffer.split().freeze())
        };
        let (first, its_line) = fill();
        let (second, another_line) = fill();
        assert_ne!(first, second);
        drop(its_line);
        let (third, _line) = fill();
        assert_eq!(third, first);
        drop(another_line);
        let (fourth, _line) = fill();
        assert_eq!(fourth, second);
    }

    #[tokio::test]
    async fn lines_that_are_kept_stay_as_they_are_and_so_many_rooms_are_held_at_most() {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let mut lines = Lines::new(far, 1 << 20);
        let line = |number: usize| format!("{number:0>999}\n");
        let write = async {
            for number in 0..1_000 {
                near.write_all(line(number).as_bytes()).await.unwrap();
            }
            drop(near);
        };
        let mut kept = Vec::new();
        let read = async {
            while let Line::Text(line) = lines.next().await.unwrap() {
                kept.push(line);
            }
        };
        tokio::join!(write, read);
        assert_eq!(kept.len(), 1_000);
        for (number, kept) in kept.iter().enumerate() {
            assert_eq!(kept, line(number).trim_end().as_bytes());
        }
        assert_eq!(lines.used.len(), KEPT);
    }

    #[tokio::test]
    async fn the_room_of_a_long_line_is_not_kept() {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let mut lines = Lines::new(far, 1 << 22);
        let write = async {
            near.write_all(&vec![b'x'; 1 << 21]).await.unwrap();
            near.write_all(b"\n").await.unwrap();
        };
        let read = async {
            let Line::Text(line) = lines.next().await.unwrap() else {
                panic!("it is allowed");
            };
            assert_eq!(line.len(), 1 << 21);
        };
        tokio::join!(write, read);
        let nothing = lines.next();
        assert!(futures_util::FutureExt::now_or_never(nothing).is_none());
        assert!(lines.buffer.capacity() <= CHUNK + LITTLE);
        assert!(lines.used.is_empty());
    }

    #[tokio::test]
    async fn a_long_line_is_not_kept() {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let mut lines = Lines::new(far, 1000);
        let write = async {
            for _ in 0..200 {
                near.write_all(&[b'z'; 10_000]).await.unwrap();
            }
            drop(near);
        };
        let read = async {
            assert_eq!(lines.next().await.unwrap(), Line::TooLong);
            assert_eq!(lines.next().await.unwrap(), Line::End);
        };
        tokio::join!(write, read);
        assert!(
            lines.buffer.capacity() <= 2 * CHUNK,
            "{}",
            lines.buffer.capacity()
        );
    }
}
