//! Where in its frames an HTTP/2 client is: the one thing about them that `h2` keeps to itself.
//!
//! A client that begins a header block and never ends it looks to everybody else like one that is idle.

use super::PREFACE;

/// A frame's head: length (3 bytes), type, flags, stream (4).
const HEAD: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Follows the bytes of one connection from its first.
#[derive(Debug)]
pub(super) struct Frames {
    preface: usize,
    head: [u8; HEAD],
    /// How much of the next head is there.
    have: usize,
    /// How much of the frame's payload is still to come.
    payload: usize,
    /// A header block has begun and not ended.
    in_block: bool,
    /// Nothing is finished yet.
    fresh: bool,
}

impl Frames {
    pub(super) const fn new() -> Self {
        Self {
            preface: PREFACE,
            head: [0; HEAD],
            have: 0,
            payload: 0,
            in_block: false,
            fresh: true,
        }
    }

    /// Takes the next bytes; whether something (a frame, a whole header block) was finished by them.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> bool {
        let mut finished = false;
        let skipped = self.preface.min(bytes.len());
        self.preface -= skipped;
        bytes = &bytes[skipped..];
        while !bytes.is_empty() {
            if self.payload > 0 {
                let taken = self.payload.min(bytes.len());
                self.payload -= taken;
                bytes = &bytes[taken..];
            } else {
                let taken = (HEAD - self.have).min(bytes.len());
                self.head[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
                self.have += taken;
                bytes = &bytes[taken..];
                if self.have < HEAD {
                    break;
                }
                self.have = 0;
                let [high, middle, low, kind, flags, ..] = self.head;
                self.payload =
                    usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                if matches!(kind, HEADERS | CONTINUATION) {
                    self.in_block = flags & END_HEADERS == 0;
                }
            }
            if self.payload == 0 && self.have == 0 && !self.in_block {
                finished = true;
                self.fresh = false;
            }
        }
        finished
    }

    /// Whether the client owes the rest of something. A body is not meant: it has limits of its own.
    pub(super) fn is_within(&self) -> bool {
        let in_data = self.payload > 0 && self.head[3] == DATA;
        self.fresh || self.in_block || self.have > 0 || (self.payload > 0 && !in_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        [&head[..], payload].concat()
    }

    fn begun() -> Frames {
        let mut frames = Frames::new();
        assert!(frames.is_within(), "nothing was said yet");
        assert!(!frames.follow(&[b'x'; PREFACE]));
        assert!(frames.is_within(), "a preface is not enough");
        assert!(frames.follow(&frame(4, 0, b"")), "settings");
        assert!(!frames.is_within());
        frames
    }

    #[test]
    fn a_block_is_one_thing_however_many_frames_it_has() {
        let mut frames = begun();
        assert!(!frames.follow(&frame(HEADERS, 0, b"abc")));
        assert!(frames.is_within());
        for _ in 0..3 {
            assert!(!frames.follow(&frame(CONTINUATION, 0, b"d")));
            assert!(frames.is_within());
        }
        assert!(frames.follow(&frame(CONTINUATION, END_HEADERS, b"")));
        assert!(!frames.is_within());
        assert!(frames.follow(&frame(HEADERS, END_HEADERS | 1, b"abc")));
        assert!(!frames.is_within());
    }

    #[test]
    fn pieces_of_any_size_are_followed() {
        let all = [
            frame(HEADERS, END_HEADERS, &[7; 300]),
            frame(DATA, 0, &[0; 1000]),
            frame(8, 0, &[0; 4]),
            frame(HEADERS, 0, &vec![1; 70_000]),
            frame(CONTINUATION, END_HEADERS, &[1; 5]),
        ]
        .concat();
        // Four things end here; a piece that ends two of them counts once.
        for (size, expected) in [
            (1, 4),
            (2, 4),
            (7, 4),
            (9, 4),
            (10, 4),
            (64, 3),
            (4096, 2),
            (80_000, 1),
        ] {
            let mut frames = begun();
            let finished = all
                .chunks(size)
                .filter(|piece| frames.follow(piece))
                .count();
            assert_eq!(finished, expected, "{size}");
            assert!(!frames.is_within(), "{size}");
        }
    }

    #[test]
    fn the_rest_of_a_body_is_not_owed_here() {
        let mut frames = begun();
        let data = frame(DATA, 0, b"body");
        frames.follow(&data[..HEAD - 1]);
        assert!(frames.is_within(), "what kind of frame it is nobody knows");
        frames.follow(&data[HEAD - 1..=HEAD]);
        assert!(!frames.is_within());
        frames.follow(&data[HEAD + 1..]);
        assert!(!frames.is_within());
        frames.follow(&frame(6, 0, &[0; 8])[..12]);
        assert!(frames.is_within(), "half a ping");
    }
}
