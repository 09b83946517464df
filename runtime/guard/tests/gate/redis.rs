//! Replicas of one server, and a Redis that fails.

use std::time::Duration;

use mcp_factory_guard::{Closed, NotLocked, NotOpened};
use tokio::time::sleep;

use crate::place::{NOW, Place, SHELL, code, wrong};

/// A connection that failed is not tried again before.
const PATIENCE: Duration = Duration::from_secs(4);

#[tokio::test]
async fn what_one_replica_opens_is_open_at_all() {
    let place = Place::redis();
    let (one, two) = (place.gates(), place.gates());
    assert!(one.unlock("ann", "shell", &code(SHELL, NOW)).await.is_ok());
    assert_eq!(two.pass("ann", "shell").await, Ok(()));
    assert_eq!(
        two.unlock("ann", "shell", &code(SHELL, NOW)).await,
        Err(NotOpened::Reused)
    );
    assert_eq!(two.lock("ann", None).await, Ok(()));
    assert!(one.pass("ann", "shell").await.is_err());
    assert!(
        one.unlock("ann", "shell", &code(SHELL, NOW + 30))
            .await
            .is_ok()
    );
    assert_eq!(two.lock_everyone().await, Ok(()));
    assert!(one.pass("ann", "shell").await.is_err());
}

#[tokio::test]
async fn neither_another_replica_nor_a_restart_forgets_wrong_codes() {
    let place = Place::redis();
    for left in (0..5).rev() {
        let answer = place.gates().unlock("eve", "shell", &wrong(SHELL)).await;
        assert_eq!(answer, Err(NotOpened::Wrong { left }));
    }
    let answer = place
        .gates()
        .unlock("eve", "shell", &code(SHELL, NOW))
        .await;
    assert!(
        matches!(answer, Err(NotOpened::LockedOut { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn another_server_is_no_replica() {
    let place = Place::redis();
    let (one, other) = (place.gates(), place.gates_named("other"));
    assert!(one.unlock("ann", "shell", &code(SHELL, NOW)).await.is_ok());
    assert!(other.pass("ann", "shell").await.is_err());
    assert_eq!(other.lock_everyone().await, Ok(()));
    assert_eq!(one.pass("ann", "shell").await, Ok(()));
}

#[tokio::test]
async fn without_redis_everything_is_closed() {
    let mut place = Place::redis();
    let gates = place.gates();
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    place.redis.as_mut().expect("a Redis").kill();
    assert_eq!(gates.pass("ann", "shell").await, Err(Closed::Unavailable));
    let answer = gates.unlock("ann", "shell", &code(SHELL, NOW + 30)).await;
    assert_eq!(answer, Err(NotOpened::Unavailable));
    assert_eq!(gates.lock("ann", None).await, Err(NotLocked::Unavailable));
    assert_eq!(gates.lock_everyone().await, Err(NotLocked::Unavailable));
    assert_eq!(gates.status("ann").await, Err(Closed::Unavailable));
    // It comes back empty: what was open is not.
    place.redis.as_mut().expect("a Redis").restart();
    sleep(PATIENCE).await;
    assert!(matches!(
        gates.pass("ann", "shell").await,
        Err(Closed::Locked { .. })
    ));
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW + 30))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_silent_redis_is_no_open_gate() {
    let place = Place::redis();
    let gates = place.gates();
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    let redis = place.redis.as_ref().expect("a Redis");
    redis.pause();
    assert_eq!(gates.pass("ann", "shell").await, Err(Closed::Unavailable));
    redis.resume();
}

#[tokio::test]
async fn a_lost_key_closes_and_never_opens() {
    let place = Place::redis();
    let gates = place.gates();
    let redis = place.redis.as_ref().expect("a Redis");
    let key = |kind: &str| {
        let keys = redis.keys();
        keys.into_iter().find(|key| key.contains(kind)).expect(kind)
    };
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW - 30))
            .await
            .is_ok()
    );
    // Without the epoch nothing is open; and that of before the kill switch does not come again.
    redis.ask(&["DEL", &key("gate-epoch")]);
    assert!(gates.pass("ann", "shell").await.is_err());
    assert!(
        gates
            .unlock("bob", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    assert!(gates.pass("bob", "shell").await.is_ok());
    assert!(gates.pass("ann", "shell").await.is_err());
    // A lock-out without an end gets one, and is one.
    for _ in 0..5 {
        assert!(gates.unlock("eve", "shell", &wrong(SHELL)).await.is_err());
    }
    for key in redis.keys().iter().filter(|key| key.contains("gate-tries")) {
        redis.ask(&["PERSIST", key]);
    }
    let answer = gates.unlock("eve", "shell", &code(SHELL, NOW + 30)).await;
    assert!(
        matches!(answer, Err(NotOpened::LockedOut { .. })),
        "{answer:?}"
    );
    assert!(
        redis
            .ask(&["PTTL", &key("gate-tries")])
            .parse::<i64>()
            .is_ok_and(|time| time != 0)
    );
}

#[tokio::test]
async fn the_epoch_lives_as_long_as_it_is_used() {
    let place = Place::redis();
    let gates = place.gates();
    let redis = place.redis.as_ref().expect("a Redis");
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    let keys = redis.keys();
    let epoch = keys
        .iter()
        .find(|key| key.contains("gate-epoch"))
        .expect("it is there");
    redis.ask(&["PEXPIRE", epoch, "60000"]);
    assert_eq!(gates.pass("ann", "shell").await, Ok(()));
    let time: i64 = redis.ask(&["PTTL", epoch]).parse().expect("a number");
    assert!(time > 24 * 3_600_000, "{time}");
}

#[tokio::test]
async fn everything_in_redis_is_hashed_and_expires() {
    let place = Place::redis();
    let gates = place.gates();
    let used = code(SHELL, NOW);
    assert!(gates.unlock("canary-ann", "shell", &used).await.is_ok());
    assert!(
        gates
            .unlock("canary-ann", "shell", &wrong(SHELL))
            .await
            .is_err()
    );
    let redis = place.redis.as_ref().expect("a Redis");
    let keys = redis.keys();
    assert_eq!(keys.len(), 5, "{keys:?}");
    for key in &keys {
        let value = redis.ask(&["GET", key]);
        for secret in ["canary", "shell", &used] {
            assert!(
                !key.contains(secret) && !value.contains(secret),
                "{key} {value}"
            );
        }
        let time: i64 = redis.ask(&["PTTL", key]).parse().expect("a number");
        assert!((1..=25 * 3_600_000).contains(&time), "{key}: {time}");
    }
}
