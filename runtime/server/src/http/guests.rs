//! Who is on a listener with few places, and who goes when all of them are taken.
//!
//! Whoever opens connections again and again could have all the places of the management port, and no probe would get
//! one. So a connection that comes when none is free gets the place of the one that came first of those for which
//! nothing is being done: an idle one, or one that has not said all of what it wants yet.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

tokio::task_local! {
    static GUEST: Arc<Guest>;
}

/// Those who are there, in the order in which they came; no more than there are places.
#[derive(Debug, Default)]
pub(super) struct Guests(Mutex<VecDeque<Arc<Guest>>>);

/// A connection.
#[derive(Debug)]
pub(super) struct Guest {
    /// Requests that are not answered to the last byte.
    running: AtomicUsize,
    leave: CancellationToken,
    /// Its place, until it is given to another.
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A request that is there with its body and is being answered: its connection stays.
pub(super) struct Busy(Arc<Guest>);

impl Busy {
    /// For a request of the connection whose task this is; nothing on a listener without guests.
    pub(super) fn now() -> Option<Self> {
        let guest = GUEST.try_with(Arc::clone).ok()?;
        guest.running.fetch_add(1, Relaxed);
        Some(Self(guest))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}

impl Guests {
    /// The place of somebody who is told to leave; nothing when something is being done for all.
    ///
    /// It changes hands here, so that whoever comes next cannot have it.
    pub(super) fn make_room(&self) -> Option<OwnedSemaphorePermit> {
        let mut guests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |guest: &Arc<Guest>| guest.running.load(Relaxed) == 0;
        let oldest = guests.iter().position(idle)?;
        let guest = guests.remove(oldest)?;
        guest.leave.cancel();
        let mut place = guest.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    }

    /// Somebody comes in, to this place.
    pub(super) fn enter(&self, place: OwnedSemaphorePermit) -> Arc<Guest> {
        let guest = Arc::new(Guest {
            running: AtomicUsize::new(0),
            leave: CancellationToken::new(),
            place: Mutex::new(Some(place)),
        });
        let mut guests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        guests.push_back(Arc::clone(&guest));
        guest
    }

    /// Serves a connection until it is over, or told to leave.
    pub(super) async fn stay(
        self: Arc<Self>,
        guest: Arc<Guest>,
        serving: impl Future<Output = ()>,
    ) {
        let leave = guest.leave.clone();
        let stay = async {
            tokio::select! {
                () = leave.cancelled() => {}
                () = serving => {}
            }
        };
        GUEST.scope(Arc::clone(&guest), stay).await;
        let mut guests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        guests.retain(|other| !Arc::ptr_eq(other, &guest));
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{Semaphore, oneshot};
    use tokio::task::JoinHandle;

    use super::*;

    /// A connection that is served until it is told to go.
    fn connection(
        guests: &Arc<Guests>,
        place: OwnedSemaphorePermit,
        busy: bool,
    ) -> (JoinHandle<()>, oneshot::Receiver<()>) {
        let (sender, served) = oneshot::channel();
        let serving = async move {
            let _busy = busy.then(Busy::now);
            sender.send(()).ok();
            std::future::pending::<()>().await;
        };
        let guest = guests.enter(place);
        (
            tokio::spawn(Arc::clone(guests).stay(guest, serving)),
            served,
        )
    }

    #[tokio::test]
    async fn the_first_idle_one_makes_room_and_one_with_a_request_stays() {
        let (guests, places) = (Arc::<Guests>::default(), Arc::new(Semaphore::new(3)));
        let mut all = Vec::new();
        for busy in [true, false, false] {
            let place = Arc::clone(&places).try_acquire_owned();
            let (task, served) = connection(&guests, place.expect("one is free"), busy);
            served.await.expect("it is served");
            all.push(task);
        }
        for gone in [1, 2] {
            let place = guests.make_room().expect("somebody is idle");
            assert_eq!(places.available_permits(), 0, "nobody else gets it");
            let (task, served) = connection(&guests, place, true);
            served.await.expect("it is served");
            (&mut all[gone]).await.expect("it left");
            all.push(task);
        }
        assert!(guests.make_room().is_none(), "something is done for all");
        assert!(!all[0].is_finished() && !all[3].is_finished());
        for task in all {
            task.abort();
        }
        assert!(Busy::now().is_none(), "this is no connection");
    }

    #[tokio::test]
    async fn who_leaves_gives_the_place_back() {
        let (guests, places) = (Arc::<Guests>::default(), Arc::new(Semaphore::new(1)));
        let place = Arc::clone(&places).try_acquire_owned();
        let guest = guests.enter(place.expect("one is free"));
        Arc::clone(&guests).stay(guest, async {}).await;
        assert_eq!(places.available_permits(), 1);
        assert!(guests.make_room().is_none(), "nobody is there");
    }
}
