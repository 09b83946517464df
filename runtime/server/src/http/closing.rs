//! The end of listening: whoever the kernel has let in by then is taken in, and nobody near is let in unheard.
//!
//! To a client a connection is made when the kernel says so, and it may send a call that nobody may send twice. Were the
//! socket just closed, calls on connections that were made between the last `accept` and that would be lost.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use socket2::{SockFilter, SockRef};
use tokio::net::{TcpListener, TcpStream};

/// Connections that are taken in at the end, at most: as many as a kernel holds.
const MOST_WAITING: usize = 4096;

/// How long handshakes that began before the end may last. Whoever begins one in that time hears nothing, asks again
/// after a second as TCP does, and is refused then: no longer than it takes in a local network.
const HANDSHAKE: Duration = Duration::from_millis(10);

/// Which segments still reach the socket: all but those that ask for a connection, which have SYN of these two and not
/// ACK. In the kernel's language for filters (BPF), from the byte of a TCP header that has the flags.
const NO_NEW_CONNECTIONS: [SockFilter; 5] = {
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ]
};

/// Stops to listen. Gives the connections that were made before and not accepted yet, no more than `MOST_WAITING`.
pub(super) async fn close(listener: TcpListener) -> Vec<(TcpStream, IpAddr)> {
    if let Err(error) = SockRef::from(&listener).attach_filter(&NO_NEW_CONNECTIONS) {
        tracing::warn!(%error, "the kernel takes no filter: a connection that is made right now may be lost");
    } else {
        tokio::time::sleep(HANDSHAKE).await;
    }
    // Asked without tokio, which may not have heard of them yet.
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    until_none(|| listener.accept())
        .filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, peer.ip()))
        })
        .collect()
}

/// What `accept` gives until nobody waits, in no more than `MOST_WAITING` tries. An error is of one connection, such as
/// of a client that is gone again, and says nothing about those behind it.
fn until_none<T>(accept: impl FnMut() -> io::Result<T>) -> impl Iterator<Item = T> {
    std::iter::repeat_with(accept)
        .take(MOST_WAITING)
        .take_while(
            |taken| !matches!(taken, Err(error) if error.kind() == io::ErrorKind::WouldBlock),
        )
        .filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::listen::Listen;
    use super::*;

    #[test]
    fn a_client_that_is_gone_again_costs_those_behind_it_nothing() {
        let mut backlog = vec![
            Err(io::ErrorKind::WouldBlock),
            Ok(3),
            Err(io::ErrorKind::Interrupted),
            Ok(2),
            Err(io::ErrorKind::ConnectionAborted),
            Ok(1),
        ];
        let accept = || backlog.pop().expect("it ends").map_err(io::Error::from);
        assert_eq!(until_none(accept).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(backlog.is_empty());
    }

    #[test]
    fn the_tries_are_bounded() {
        for good in [true, false] {
            let mut tries = 0;
            let accept = || {
                tries += 1;
                good.then_some(()).ok_or(io::ErrorKind::Other.into())
            };
            let taken = until_none(accept).count();
            assert_eq!(taken, if good { MOST_WAITING } else { 0 });
            assert_eq!(tries, MOST_WAITING);
        }
    }

    /// On one thread: between two awaits here nothing else goes on.
    #[tokio::test]
    async fn at_the_end_nobody_is_let_in_who_is_not_taken_in() {
        let listener = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let address = listener.local_addr().unwrap();
        let mut before = std::net::TcpStream::connect(address).unwrap();
        before.write_all(b"call").unwrap();
        let mut closing = std::pin::pin!(close(listener));
        assert!(futures_util::poll!(closing.as_mut()).is_pending());
        let late = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50));
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let mut taken = closing.await;
        let (mut stream, _) = taken.pop().expect("the one from before");
        assert!(taken.is_empty());
        let mut said = [0; 4];
        stream.read_exact(&mut said).await.unwrap();
        stream.write_all(b"told").await.unwrap();
        before.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"told");
        let later = std::net::TcpStream::connect(address);
        assert_eq!(later.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
