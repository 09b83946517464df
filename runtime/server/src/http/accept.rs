//! Taking connections in: as many as there are places, and never in a spin.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::closing;
use super::connection::{self, Shared};
use super::guests::Guests;
use super::service::Service;
use super::tls::Tls;
use crate::lifecycle::Lifecycle;
use crate::protocol::Protocol;

/// Pauses after the process ran out of descriptors or memory: doubling, within these.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

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
    for (stream, peer) in closing::close(listener).await {
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            take_in(stream, peer, place);
        } else {
            turn_away(&stream, &shared);
        }
    }
    connections.close();
    connections.wait().await;
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
