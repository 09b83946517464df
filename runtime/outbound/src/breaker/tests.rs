use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::time::advance;

use super::*;
use crate::pauses::LONGEST_PAUSE;

const PAUSE: Duration = Duration::from_secs(30);

fn breaker() -> Breaker {
    Breaker::new(BreakerSettings::new(3, PAUSE))
}

fn fail(breaker: &Breaker, rest: Option<u64>) -> Option<Change> {
    let pass = breaker.admit().expect("admitted");
    pass.failed(rest.map(Duration::from_secs))
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_open_it_and_others_do_not() {
    let breaker = breaker();
    fail(&breaker, None);
    fail(&breaker, None);
    assert_eq!(
        breaker.admit().expect("two are not three").succeeded(),
        None
    );
    fail(&breaker, None);
    assert_eq!(fail(&breaker, None), None);
    assert_eq!(breaker.condition(), Condition::Closed { failures: 2 });
    let under_way = breaker.admit().expect("closed");
    assert_eq!(fail(&breaker, None), Some(Change::Opened(PAUSE)));
    assert_eq!(breaker.admit().err(), Some(PAUSE));
    assert_eq!(under_way.failed(None), None, "said already");
    advance(PAUSE.saturating_sub(Duration::from_millis(1))).await;
    assert_eq!(breaker.admit().err(), Some(Duration::from_millis(1)));
    advance(Duration::from_millis(1)).await;
    assert!(breaker.admit().is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_tries_and_decides() {
    let breaker = breaker();
    assert_eq!(
        fail(&breaker, Some(5)),
        Some(Change::Opened(seconds(5))),
        "it asked for a rest"
    );
    advance(seconds(5)).await;
    let trial = breaker.admit().expect("the first may");
    assert!(trial.is_trial());
    assert_eq!(
        breaker.admit().err(),
        Some(seconds(1)),
        "the second may not"
    );
    assert_eq!(breaker.condition(), Condition::Trial);
    assert_eq!(trial.failed(None), Some(Change::StaysOpen(PAUSE)));
    assert_eq!(breaker.admit().err(), Some(PAUSE), "one is enough");
    advance(PAUSE).await;
    let trial = breaker.admit().expect("one may try");
    assert_eq!(trial.succeeded(), Some(Change::Closed));
    assert_eq!(breaker.condition(), Condition::Closed { failures: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_is_given_up_leaves_the_place_to_the_next() {
    let breaker = breaker();
    fail(&breaker, Some(5));
    advance(seconds(5)).await;
    drop(breaker.admit().expect("one may try"));
    assert!(breaker.admit().expect("the next").is_trial());
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_as_long_as_nothing_succeeds() {
    let breaker = Breaker::new(BreakerSettings {
        failures: 1,
        pause: seconds(10),
        longest: seconds(30),
    });
    assert_eq!(fail(&breaker, None), Some(Change::Opened(seconds(10))));
    for pause in [20, 30, 30] {
        advance(seconds(30)).await;
        assert_eq!(
            fail(&breaker, None),
            Some(Change::StaysOpen(seconds(pause)))
        );
    }
    advance(seconds(30)).await;
    breaker.admit().expect("one may try").succeeded();
    assert_eq!(fail(&breaker, None), Some(Change::Opened(seconds(10))));
}

#[tokio::test(start_paused = true)]
async fn what_a_service_asks_for_is_kept_within_an_hour() {
    let breaker = breaker();
    fail(&breaker, Some(u64::MAX));
    assert_eq!(breaker.admit().err(), Some(LONGEST_PAUSE));
}

#[tokio::test(start_paused = true)]
async fn late_news_does_not_end_or_shorten_a_pause_or_count_after_it() {
    let breaker = breaker();
    let passes: Vec<_> = (0..6).map(|_| breaker.admit().expect("closed")).collect();
    let mut late = passes.into_iter();
    let mut next = || late.next().expect("six");
    fail(&breaker, Some(60));
    assert_eq!(next().succeeded(), None);
    assert_eq!(breaker.admit().err(), Some(seconds(60)));
    next().failed(Some(seconds(5)));
    assert_eq!(breaker.admit().err(), Some(seconds(60)));
    next().failed(Some(seconds(90)));
    assert_eq!(breaker.admit().err(), Some(seconds(90)), "longer");
    advance(seconds(90)).await;
    let trial = breaker.admit().expect("one may try");
    next().succeeded();
    assert_eq!(breaker.condition(), Condition::Trial);
    trial.succeeded();
    next().failed(None);
    assert_eq!(breaker.condition(), Condition::Closed { failures: 0 });
}

/// What may happen to a breaker. Indexes are taken modulo how many passes are out.
#[derive(Clone, Debug)]
enum Event {
    Admit,
    Succeed(usize),
    Fail(usize, Option<u64>),
    Abandon(usize),
    /// Milliseconds, back as well as forth.
    Move(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Admit),
        1 => any::<usize>().prop_map(Event::Succeed),
        3 => (any::<usize>(), proptest::option::weighted(0.2, 0..200_000_u64))
            .prop_map(|(which, rest)| Event::Fail(which, rest)),
        1 => any::<usize>().prop_map(Event::Abandon),
        2 => (-100_000..100_000_i64).prop_map(Event::Move),
        1 => prop_oneof![Just(86_400_000_i64), Just(-86_400_000_i64)].prop_map(Event::Move),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_trial_at_a_time_and_closed_by_nothing_but_its_success(
        failures in 1..5_u32,
        pause in 1..60_u64,
        longest in 1..120_u64,
        events in proptest::collection::vec(event(), 1..200),
    ) {
        let settings = BreakerSettings {
            failures,
            pause: seconds(pause),
            longest: seconds(longest.max(pause)),
        };
        let mut machine = Machine::new(settings);
        // Far from both ends of the clock.
        let mut now = Instant::now() + Duration::from_hours(24 * 3_650);
        let mut out: Vec<Admission> = Vec::new();
        let mut is_closed = true;
        for event in events {
            let take = |out: &mut Vec<Admission>, which: usize| {
                (!out.is_empty()).then(|| out.swap_remove(which % out.len()))
            };
            let mut trial_succeeded = false;
            match event {
                Event::Admit => match machine.admit(now) {
                    Ok(admission) => {
                        prop_assert_eq!(admission.is_trial, !is_closed, "only a trial while it is not closed");
                        out.push(admission);
                    }
                    Err(left) => {
                        prop_assert!(!is_closed && !left.is_zero());
                        prop_assert!(left <= settings.longest.max(seconds(200)), "{:?}", left);
                        let is_tried = out.iter().any(|admission| admission.is_trial);
                        // Whoever waits for as long as was said finds one place, whatever the clock did.
                        let after = machine.admit(now + left);
                        prop_assert_eq!(after.is_ok(), !is_tried);
                        out.extend(after.ok());
                    }
                },
                Event::Succeed(which) => {
                    if let Some(admission) = take(&mut out, which) {
                        trial_succeeded = admission.is_trial;
                        let change = machine.succeeded(admission);
                        prop_assert_eq!(change == Some(Change::Closed), trial_succeeded);
                    }
                }
                Event::Fail(which, rest) => {
                    if let Some(admission) = take(&mut out, which) {
                        let rest = rest.map(Duration::from_millis);
                        let was_trial = admission.is_trial;
                        let change = machine.failed(admission, rest, now);
                        prop_assert_eq!(matches!(change, Some(Change::StaysOpen(_))), was_trial);
                        prop_assert!(is_closed || !matches!(change, Some(Change::Opened(_))));
                    }
                }
                Event::Abandon(which) => {
                    if let Some(admission) = take(&mut out, which) {
                        machine.abandoned(admission, now);
                    }
                }
                Event::Move(by) => {
                    let far = Duration::from_millis(by.unsigned_abs());
                    now = if by < 0 { now - far } else { now + far };
                }
            }
            let trials = out.iter().filter(|admission| admission.is_trial).count();
            prop_assert!(trials <= 1, "{} at once", trials);
            let condition = machine.condition(now);
            let closes = matches!(condition, Condition::Closed { .. });
            prop_assert_eq!(trials == 1, condition == Condition::Trial);
            prop_assert!(is_closed || !closes || trial_succeeded, "closed by {:?}", condition);
            prop_assert!(closes || !trial_succeeded);
            is_closed = closes;
        }
    }
}

#[test]
fn threads_never_try_together() {
    let breaker = Arc::new(Breaker::new(BreakerSettings::new(
        1,
        Duration::from_micros(50),
    )));
    let (trying, tried) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let threads: Vec<_> = (0..4_u32)
        .map(|number| {
            let (breaker, trying, tried) = (
                Arc::clone(&breaker),
                Arc::clone(&trying),
                Arc::clone(&tried),
            );
            std::thread::spawn(move || {
                for round in 0..2_000_u32 {
                    let Ok(pass) = breaker.admit() else {
                        std::thread::yield_now();
                        continue;
                    };
                    let is_trial = pass.is_trial();
                    if is_trial {
                        assert_eq!(trying.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        tried.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        trying.fetch_sub(1, Ordering::SeqCst);
                    }
                    match (round + number) % 4 {
                        0 => drop(pass.succeeded()),
                        1 => drop(pass),
                        _ => drop(pass.failed(None)),
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread saw two");
    }
    assert!(tried.load(Ordering::SeqCst) > 0, "nobody tried");
}
