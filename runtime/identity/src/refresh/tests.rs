use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const TIMING: Timing = Timing {
    fresh: Duration::from_mins(15),
    stale_if_error: Duration::from_hours(24),
    cool_down: Duration::from_secs(30),
    limit: Duration::from_secs(5),
};

/// Yields the number of the load, after a second; fails, hangs or panics when told.
#[derive(Default)]
struct Counter {
    loads: AtomicUsize,
    fails: AtomicBool,
    hangs: AtomicBool,
    panics: AtomicBool,
}

impl Source for Arc<Counter> {
    type Document = usize;

    fn name(&self) -> String {
        "the counter".to_owned()
    }

    async fn load(&self) -> Result<usize, LoadError> {
        let number = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(SECOND).await;
        assert!(!self.panics.load(Ordering::SeqCst), "as told");
        if self.hangs.load(Ordering::SeqCst) {
            sleep(TIMING.stale_if_error).await;
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(LoadError::Document("as told".to_owned()));
        }
        Ok(number)
    }
}

impl Counter {
    fn set(flag: &AtomicBool, on: bool) {
        flag.store(on, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

fn counter() -> (Arc<Counter>, Refreshed<Arc<Counter>>) {
    let counter = Arc::new(Counter::default());
    (Arc::clone(&counter), Refreshed::new(counter, TIMING))
}

async fn any(cached: &Refreshed<Arc<Counter>>) -> Result<usize, Missing> {
    cached.get(|number| Some(*number)).await
}

/// Whatever runs in the background ends.
async fn settle() {
    sleep(2 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn callers_share_one_first_fetch() {
    let (source, cached) = counter();
    assert_eq!(source.count(), 0, "nothing is fetched before it is needed");
    let (first, second) = tokio::join!(any(&cached), any(&cached));
    assert_eq!((first, second), (Ok(1), Ok(1)));
    assert_eq!(source.count(), 1);
    advance(TIMING.fresh.saturating_sub(SECOND)).await;
    assert_eq!(any(&cached).await, Ok(1));
    assert_eq!(source.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_copy_answers_while_one_refresh_runs() {
    let (source, cached) = counter();
    any(&cached).await.unwrap();
    advance(TIMING.fresh).await;
    let before = Instant::now();
    for _ in 0..100 {
        assert_eq!(any(&cached).await, Ok(1));
    }
    assert_eq!(before.elapsed(), Duration::ZERO, "nobody waited");
    settle().await;
    assert_eq!(any(&cached).await, Ok(2));
    assert_eq!(source.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_long_ago_is_not_trusted_before_it_is_refreshed() {
    let (_, cached) = counter();
    any(&cached).await.unwrap();
    advance(2 * TIMING.fresh).await;
    assert_eq!(any(&cached).await, Ok(2));
    advance(2 * TIMING.fresh).await;
    let withdrawn = cached.get(|number| (*number == 2).then_some(())).await;
    assert_eq!(
        withdrawn,
        Err(Missing::Unknown),
        "the new copy is without it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_source_leaves_the_copy_for_a_day() {
    let (source, cached) = counter();
    any(&cached).await.unwrap();
    Counter::set(&source.fails, true);
    for _ in 0..96 {
        advance(Duration::from_mins(15)).await;
        assert_eq!(any(&cached).await, Ok(1));
        settle().await;
    }
    advance(Duration::from_mins(15)).await;
    let refused = any(&cached).await;
    assert!(
        matches!(refused, Err(Missing::Unavailable { .. })),
        "{refused:?}"
    );
    Counter::set(&source.fails, false);
    advance(TIMING.cool_down).await;
    assert!(any(&cached).await.is_ok(), "and it heals");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_twice_for_a_source_that_hangs() {
    let (source, cached) = counter();
    any(&cached).await.unwrap();
    Counter::set(&source.hangs, true);
    advance(2 * TIMING.fresh).await;
    let before = Instant::now();
    assert_eq!(any(&cached).await, Ok(1), "the old copy, after one timeout");
    assert_eq!(before.elapsed(), TIMING.limit);
    for _ in 0..10 {
        advance(TIMING.cool_down).await;
        let before = Instant::now();
        assert_eq!(any(&cached).await, Ok(1));
        assert_eq!(before.elapsed(), Duration::ZERO);
        sleep(TIMING.limit + SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn failed_tries_count_for_the_cool_down() {
    let (source, cached) = counter();
    any(&cached).await.unwrap();
    Counter::set(&source.fails, true);
    let miss = || cached.get(|_| None::<()>);
    let left = TIMING.cool_down.saturating_sub(SECOND);
    let refused = Err(Missing::Unavailable { retry_after: left });
    assert_eq!(miss().await, refused);
    for _ in 0..1_000 {
        assert!(miss().await.is_err());
    }
    assert_eq!(source.count(), 2);
    advance(left).await;
    assert_eq!(miss().await, refused);
    assert_eq!(source.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_any_copy_the_source_is_tried_again_soon() {
    let (source, cached) = counter();
    Counter::set(&source.fails, true);
    let refused = Err(Missing::Unavailable {
        retry_after: SECOND,
    });
    for tries in 1..=3 {
        for _ in 0..100 {
            assert_eq!(any(&cached).await, refused);
        }
        assert_eq!(source.count(), tries);
        advance(SECOND).await;
    }
    Counter::set(&source.fails, false);
    assert!(any(&cached).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_first_miss_does_not_wait_for_the_cool_down_of_a_good_fetch() {
    let (source, cached) = counter();
    any(&cached).await.unwrap();
    let published = || cached.get(|number| (*number == 2).then_some(()));
    assert_eq!(published().await, Ok(()));
    for _ in 0..1_000 {
        assert!(cached.get(|_| None::<()>).await.is_err());
    }
    assert_eq!(source.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_the_document_costs_one_fetch_a_cool_down() {
    let (source, cached) = counter();
    any(&cached).await.unwrap();
    advance(TIMING.cool_down).await;
    for _ in 0..10_000 {
        assert_eq!(cached.get(|_| None::<()>).await, Err(Missing::Unknown));
    }
    assert_eq!(source.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_source_is_a_failed_try() {
    let (source, cached) = counter();
    Counter::set(&source.panics, true);
    assert!(matches!(
        any(&cached).await,
        Err(Missing::Unavailable { .. })
    ));
    Counter::set(&source.panics, false);
    advance(TIMING.cool_down).await;
    assert_eq!(any(&cached).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_does_not_stop_the_fetch() {
    let (source, cached) = counter();
    let hasty = tokio::time::timeout(SECOND / 2, any(&cached)).await;
    assert!(hasty.is_err());
    settle().await;
    assert_eq!(any(&cached).await, Ok(1));
    assert_eq!(source.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_is_dropped_stops_its_fetch() {
    let (source, cached) = counter();
    Counter::set(&source.hangs, true);
    assert!(
        tokio::time::timeout(2 * SECOND, any(&cached))
            .await
            .is_err()
    );
    drop(cached);
    settle().await;
    assert_eq!(
        Arc::strong_count(&source),
        1,
        "the task and what it held are gone"
    );
}
