//! Taking connections in: as many as there are places, and never in a spin.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::connection::{self, Shared};
use super::guests::Guests;
use super::service::Service;
use super::tls::Tls;
use crate::lifecycle::Lifecycle;
use crate::protocol::Protocol;

/// Pauses after the process ran out of descriptors or memory: doubling, within these.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Connections that are taken in after the signal to end, at most: as many as a kernel holds.
const MOST_WAITING: usize = 4096;

/// The whole answer to a connection that there is no place for.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Accepts until the server drains, then waits for the connections that are left.
pub(crate) async fn serve<P: Protocol>(
    listener: TcpListener,
    service: Arc<Service<P>>,
    tls: Option<Tls>,
    lifecycle: Lifecycle,
) {
    let places = Arc::clone(service.places());
    // Where nobody is asked who they are, everybody could take all the places.
    let guests = service.table().map(|_| Arc::<Guests>::default());
    let connections = TaskTracker::new();
    let shared = Arc::new(Shared::new(service, tls, lifecycle.clone()));
    if let Some(tls) = shared.tls() {
        tls.keep_up(&lifecycle);
    }
    let take_in = |stream, peer: IpAddr, place| {
        let serving = connection::serve(stream, peer, Arc::clone(&shared));
        if let Some(guests) = &guests {
            let guest = guests.enter(place);
            connections.spawn(Arc::clone(guests).stay(guest, serving));
            return;
        }
        connections.spawn(async move {
            serving.await;
            drop(place);
        });
    };
    let accepting = async {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    pause = SHORTEST_PAUSE;
                    let free = Arc::clone(&places).try_acquire_owned().ok();
                    let place = free.or_else(|| guests.as_deref().and_then(Guests::make_room));
                    let Some(place) = place else {
                        turn_away(&stream, &shared);
                        continue;
                    };
                    take_in(stream, peer.ip(), place);
                }
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, ?pause, "connections cannot be accepted");
                    tokio::time::sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    };
    tokio::select! {
        () = lifecycle.draining() => {}
        () = accepting => {}
    }
    // Who is connected already has perhaps said what it wants: what the kernel still holds would be lost with the listener.
    for (stream, peer) in waiting(listener) {
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            take_in(stream, peer, place);
        } else {
            turn_away(&stream, &shared);
        }
    }
    connections.close();
    connections.wait().await;
}

/// The connections that were made and not accepted yet, no more than `MOST_WAITING`. Nobody listens after that.
fn waiting(listener: TcpListener) -> Vec<(TcpStream, IpAddr)> {
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

/// Says why in the only words that fit every client; one that expects TLS is just closed.
fn turn_away<P: Protocol>(stream: &TcpStream, shared: &Shared<P>) {
    shared.service.turned_away();
    if shared.tls().is_none()
        && let Err(error) = stream.try_write(FULL)
    {
        tracing::debug!(%error, "a connection over the limit was closed without a word");
    }
}

/// Errors that say something about one connection and nothing about the next.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
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
}
