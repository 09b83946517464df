//! The times of a configuration that sets none, with a clock that is moved by hand.

use std::time::Duration;

use mcp_factory_guard::{Clock, GateConfig, Gates, NotOpened};
use tokio::time::advance;

use crate::place::{NOW, Place, SHELL, code, wrong};

const SECOND: Duration = Duration::from_secs(1);

fn gates(place: &Place) -> Gates {
    let json = format!(
        "{{\"groups\":{{\"shell\":{{\"secret\":\"file:{}\"}}}}}}",
        place.path("shell").display()
    );
    let config: GateConfig = serde_json::from_str(&json).expect("a configuration");
    Gates::new("notes", &config, &["shell"], None, Clock::following(NOW)).expect("they are made")
}

#[tokio::test(start_paused = true)]
async fn it_closes_after_two_hours_without_a_call() {
    let place = Place::here();
    let gates = gates(&place);
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    for _ in 0..3 {
        advance(Duration::from_secs(7_199)).await;
        assert!(gates.pass("ann", "shell").await.is_ok());
    }
    advance(Duration::from_hours(2)).await;
    assert!(gates.pass("ann", "shell").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_sixth_try_waits_for_fifteen_minutes() {
    let place = Place::here();
    let gates = gates(&place);
    for _ in 0..5 {
        assert!(gates.unlock("eve", "shell", &wrong(SHELL)).await.is_err());
    }
    let locked_out = |retry_after| Err(NotOpened::LockedOut { retry_after });
    let quarter = Duration::from_mins(15);
    assert_eq!(
        gates.unlock("eve", "shell", &wrong(SHELL)).await,
        locked_out(quarter)
    );
    advance(Duration::from_secs(899)).await;
    let now = NOW + 899;
    assert_eq!(
        gates.unlock("eve", "shell", &code(SHELL, now)).await,
        locked_out(SECOND)
    );
    advance(SECOND).await;
    assert!(
        gates
            .unlock("eve", "shell", &code(SHELL, now))
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn fifty_wrong_codes_of_all_callers_are_heard_in_fifteen_minutes() {
    let place = Place::here();
    let gates = gates(&place);
    let wrong = wrong(SHELL);
    let mut heard = 0;
    for number in 0..1_000 {
        let answer = gates.unlock(&format!("eve{number}"), "shell", &wrong).await;
        heard += u32::from(matches!(answer, Err(NotOpened::Wrong { .. })));
    }
    assert_eq!(heard, 50);
    advance(Duration::from_mins(15)).await;
    let answer = gates.unlock("eve1001", "shell", &wrong).await;
    assert_eq!(answer, Err(NotOpened::Wrong { left: 4 }));
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_codes_moves_on() {
    let place = Place::here();
    let gates = gates(&place);
    let first = code(SHELL, NOW);
    assert!(gates.unlock("ann", "shell", &first).await.is_ok());
    advance(Duration::from_secs(59)).await;
    assert_eq!(
        gates.unlock("ann", "shell", &first).await,
        Err(NotOpened::Reused)
    );
    advance(SECOND).await;
    // Out of its time it is just a wrong code.
    assert_eq!(
        gates.unlock("ann", "shell", &first).await,
        Err(NotOpened::Wrong { left: 4 })
    );
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW + 60))
            .await
            .is_ok()
    );
}
