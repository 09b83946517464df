//! The one task that writes to stdout.

use std::io;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::endpoints::Output;

/// Messages written with one system call, at most.
const BATCH: usize = 64;
/// A buffer that grew beyond this for one large answer is given back.
const KEEP: usize = 256 << 10;

/// Writes each message as one line until every sender is gone.
pub(super) async fn write_lines(
    mut messages: mpsc::Receiver<Bytes>,
    mut output: Output,
) -> io::Result<()> {
    let mut batch = Vec::new();
    let mut buffer = Vec::new();
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        buffer.clear();
        for message in batch.drain(..) {
            append(&mut buffer, &message);
        }
        buffer = output.write_all(buffer).await?;
        if buffer.capacity() > KEEP {
            buffer = Vec::new();
        }
    }
    Ok(())
}

/// Adds a message and its line feed. JSON has line feeds only between its
/// tokens, where a space means the same and does not tear the message apart.
fn append(buffer: &mut Vec<u8>, message: &[u8]) {
    let start = buffer.len();
    buffer.extend_from_slice(message);
    if memchr::memchr(b'\n', message).is_some() {
        for byte in &mut buffer[start..] {
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
    }
    buffer.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::append;

    #[test]
    fn a_message_is_one_line() {
        let mut buffer = Vec::new();
        append(&mut buffer, b"{\n  \"a\": 1\n}");
        append(&mut buffer, b"{}");
        assert_eq!(buffer, b"{   \"a\": 1 }\n{}\n");
    }
}
