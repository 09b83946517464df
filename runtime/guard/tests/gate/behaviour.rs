//! What holds wherever the gates keep what they remember.

use std::{sync::Arc, time::Duration};

use mcp_factory_guard::{Closed, GateConfig, GroupStatus, NotLocked, NotOpened};
use tokio::{task::JoinSet, time::sleep};

use crate::place::{GIT, INACTIVITY, LOCKOUT, NOW, Place, SHELL, code, wrong};

/// A test for each function: in this process, where time is skipped, and in Redis, where it passes.
macro_rules! everywhere {
    ($($name:ident),+ $(,)?) => {
        mod here {
            $(#[tokio::test(start_paused = true)]
            async fn $name() {
                super::$name(&crate::place::Place::here()).await;
            })+
        }
        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::place::Place::redis()).await;
            })+
        }
    };
}

everywhere!(
    a_code_opens_one_group_for_one_caller,
    a_step_of_drift_is_accepted_and_two_are_not,
    a_code_opens_once_and_for_nobody_else,
    an_earlier_code_is_not_accepted_after_a_later_one,
    it_closes_when_unused_and_not_before,
    wrong_codes_lock_one_caller_out,
    a_good_code_forgives_the_wrong_ones_before,
    many_callers_cannot_guess_together,
    a_lock_out_of_all_lasts_from_its_last_wrong_code,
    what_is_not_a_code_is_not_counted,
    parallel_guesses_are_counted,
    parallel_uses_of_a_code_open_once,
    a_caller_locks_its_own,
    the_kill_switch_locks_everyone,
    a_lock_out_outlives_locking,
    the_status_tells_and_changes_nothing,
    an_unknown_group_never_opens,
);

fn locked(group: &str) -> Result<(), Closed> {
    Err(Closed::Locked {
        group: group.to_owned(),
    })
}

/// What a closed or locked-out group says, without the time.
fn is_locked_out(answer: &Result<mcp_factory_guard::Opened, NotOpened>) -> bool {
    matches!(answer, Err(NotOpened::LockedOut { retry_after }) if !retry_after.is_zero() && *retry_after <= LOCKOUT)
}

async fn a_code_opens_one_group_for_one_caller(place: &Place) {
    let gates = place.gates();
    assert_eq!(gates.pass("ann", "shell").await, locked("shell"));
    let opened = gates
        .unlock("ann", "shell", &code(SHELL, NOW))
        .await
        .expect("it opens");
    assert_eq!(opened.inactivity, INACTIVITY);
    assert_eq!(gates.pass("ann", "shell").await, Ok(()));
    assert_eq!(gates.pass("ann", "git").await, locked("git"));
    assert_eq!(gates.pass("bob", "shell").await, locked("shell"));
    // The code of one group is none of another.
    let other = gates.unlock("ann", "git", &code(SHELL, NOW)).await;
    assert_eq!(other, Err(NotOpened::Wrong { left: 4 }));
    let code = code(GIT, NOW);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    assert!(gates.unlock("ann", "git", &spaced).await.is_ok());
}

async fn a_step_of_drift_is_accepted_and_two_are_not(place: &Place) {
    let gates = place.gates();
    for refused in [NOW - 60, NOW + 60] {
        let answer = gates.unlock("eve", "shell", &code(SHELL, refused)).await;
        assert!(matches!(answer, Err(NotOpened::Wrong { .. })), "{answer:?}");
        assert_eq!(gates.pass("eve", "shell").await, locked("shell"));
    }
    for (caller, accepted) in [("ann", NOW - 30), ("bob", NOW), ("cid", NOW + 30)] {
        let answer = gates.unlock(caller, "shell", &code(SHELL, accepted)).await;
        assert!(answer.is_ok(), "{accepted}: {answer:?}");
    }
}

async fn a_code_opens_once_and_for_nobody_else(place: &Place) {
    let gates = place.gates();
    let used = code(SHELL, NOW);
    assert!(gates.unlock("ann", "shell", &used).await.is_ok());
    for caller in ["ann", "bob"] {
        for _ in 0..7 {
            // Not counted: it is no guess, and may be the same person's second try.
            assert_eq!(
                gates.unlock(caller, "shell", &used).await,
                Err(NotOpened::Reused)
            );
        }
    }
    assert_eq!(gates.pass("bob", "shell").await, locked("shell"));
    assert!(
        gates
            .unlock("bob", "shell", &code(SHELL, NOW + 30))
            .await
            .is_ok()
    );
}

async fn an_earlier_code_is_not_accepted_after_a_later_one(place: &Place) {
    let gates = place.gates();
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW + 30))
            .await
            .is_ok()
    );
    for earlier in [NOW, NOW - 30] {
        let answer = gates.unlock("bob", "shell", &code(SHELL, earlier)).await;
        assert_eq!(answer, Err(NotOpened::Reused));
    }
}

async fn it_closes_when_unused_and_not_before(place: &Place) {
    let gates = place.gates();
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    for _ in 0..3 {
        sleep(INACTIVITY / 2).await;
        assert_eq!(gates.pass("ann", "shell").await, Ok(()));
    }
    sleep(INACTIVITY + Duration::from_millis(50)).await;
    assert_eq!(gates.pass("ann", "shell").await, locked("shell"));
    // Trying does not open it.
    assert_eq!(gates.pass("ann", "shell").await, locked("shell"));
}

async fn wrong_codes_lock_one_caller_out(place: &Place) {
    let gates = place.gates();
    for left in (0..5).rev() {
        let answer = gates.unlock("eve", "shell", &wrong(SHELL)).await;
        assert_eq!(answer, Err(NotOpened::Wrong { left }));
    }
    // The sixth is not looked at, be it right or wrong, and no try makes it last longer.
    sleep(LOCKOUT / 2).await;
    for code in [wrong(SHELL), code(SHELL, NOW)] {
        let answer = gates.unlock("eve", "shell", &code).await;
        assert!(is_locked_out(&answer), "{answer:?}");
        let Err(NotOpened::LockedOut { retry_after }) = answer else {
            unreachable!()
        };
        assert!(retry_after <= LOCKOUT / 2, "{retry_after:?}");
    }
    assert_eq!(gates.pass("eve", "shell").await, locked("shell"));
    // Of that group, and that caller.
    assert!(gates.unlock("eve", "git", &code(GIT, NOW)).await.is_ok());
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    sleep(LOCKOUT / 2 + Duration::from_millis(50)).await;
    assert!(
        gates
            .unlock("eve", "shell", &code(SHELL, NOW + 30))
            .await
            .is_ok()
    );
}

async fn a_good_code_forgives_the_wrong_ones_before(place: &Place) {
    let gates = place.gates();
    for _ in 0..4 {
        assert!(gates.unlock("ann", "shell", &wrong(SHELL)).await.is_err());
    }
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    let answer = gates.unlock("ann", "shell", &wrong(SHELL)).await;
    assert_eq!(answer, Err(NotOpened::Wrong { left: 4 }));
}

async fn many_callers_cannot_guess_together(place: &Place) {
    let config = GateConfig {
        group_attempts: 12,
        ..place.config()
    };
    let gates = place.gates_of(&config);
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW - 30))
            .await
            .is_ok()
    );
    for number in 0..12 {
        let answer = gates
            .unlock(&format!("eve{number}"), "shell", &wrong(SHELL))
            .await;
        // Each has five tries of its own, and all together twelve.
        let left = 4.min(11 - number);
        assert_eq!(answer, Err(NotOpened::Wrong { left }), "{number}");
    }
    for (caller, code) in [("eve99", wrong(SHELL)), ("bob", code(SHELL, NOW))] {
        let answer = gates.unlock(caller, "shell", &code).await;
        assert!(is_locked_out(&answer), "{caller}: {answer:?}");
    }
    // Who is in stays in, and other groups are not touched.
    assert_eq!(gates.pass("ann", "shell").await, Ok(()));
    assert!(gates.unlock("bob", "git", &code(GIT, NOW)).await.is_ok());
    sleep(LOCKOUT + Duration::from_millis(50)).await;
    assert!(
        gates
            .unlock("bob", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
}

async fn a_lock_out_of_all_lasts_from_its_last_wrong_code(place: &Place) {
    let config = GateConfig {
        group_attempts: 5,
        ..place.config()
    };
    let gates = place.gates_of(&config);
    assert!(gates.unlock("eve", "shell", &wrong(SHELL)).await.is_err());
    sleep(LOCKOUT / 2).await;
    for number in 1..5 {
        let answer = gates
            .unlock(&format!("eve{number}"), "shell", &wrong(SHELL))
            .await;
        assert!(matches!(answer, Err(NotOpened::Wrong { .. })), "{answer:?}");
    }
    let answer = gates.unlock("bob", "shell", &code(SHELL, NOW)).await;
    let Err(NotOpened::LockedOut { retry_after }) = answer else {
        panic!("{answer:?}")
    };
    assert!(
        retry_after > LOCKOUT / 2 && retry_after <= LOCKOUT,
        "{retry_after:?}"
    );
}

async fn what_is_not_a_code_is_not_counted(place: &Place) {
    let gates = place.gates();
    for text in [
        "",
        "12345",
        "1234567",
        "abcdef",
        "open sesame",
        &"1".repeat(100_000),
    ] {
        for _ in 0..2 {
            assert_eq!(
                gates.unlock("ann", "shell", text).await,
                Err(NotOpened::NotACode)
            );
        }
    }
    let answer = gates.unlock("ann", "shell", &wrong(SHELL)).await;
    assert_eq!(answer, Err(NotOpened::Wrong { left: 4 }));
}

async fn parallel_guesses_are_counted(place: &Place) {
    let gates = Arc::new(place.gates());
    let wrong = wrong(SHELL);
    let mut guesses = JoinSet::new();
    for _ in 0..40 {
        let (gates, code) = (Arc::clone(&gates), wrong.clone());
        guesses.spawn(async move { gates.unlock("eve", "shell", &code).await });
    }
    let answers = guesses.join_all().await;
    let heard = answers
        .iter()
        .filter(|answer| matches!(answer, Err(NotOpened::Wrong { .. })));
    assert_eq!(heard.count(), 5);
    assert_eq!(
        answers
            .iter()
            .filter(|answer| is_locked_out(answer))
            .count(),
        35
    );
}

async fn parallel_uses_of_a_code_open_once(place: &Place) {
    let gates = Arc::new(place.gates());
    let code = code(SHELL, NOW);
    let mut uses = JoinSet::new();
    for number in 0..20 {
        let (gates, code) = (Arc::clone(&gates), code.clone());
        uses.spawn(async move {
            gates
                .unlock(&format!("caller{number}"), "shell", &code)
                .await
        });
    }
    let answers = uses.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let reused = answers
        .iter()
        .filter(|answer| **answer == Err(NotOpened::Reused));
    assert_eq!(reused.count(), 19);
}

async fn a_caller_locks_its_own(place: &Place) {
    let gates = place.gates();
    for (caller, at) in [("ann", NOW), ("bob", NOW + 30)] {
        assert!(
            gates
                .unlock(caller, "shell", &code(SHELL, at))
                .await
                .is_ok()
        );
        assert!(gates.unlock(caller, "git", &code(GIT, at)).await.is_ok());
    }
    assert_eq!(gates.lock("ann", Some("shell")).await, Ok(()));
    assert_eq!(gates.pass("ann", "shell").await, locked("shell"));
    assert_eq!(gates.pass("ann", "git").await, Ok(()));
    assert_eq!(gates.lock("ann", None).await, Ok(()));
    assert_eq!(gates.pass("ann", "git").await, locked("git"));
    for group in ["shell", "git"] {
        assert_eq!(gates.pass("bob", group).await, Ok(()));
    }
    assert_eq!(
        gates.lock("ann", Some("rope")).await,
        Err(NotLocked::UnknownGroup)
    );
}

async fn the_kill_switch_locks_everyone(place: &Place) {
    let gates = place.gates();
    assert_eq!(gates.lock_everyone().await, Ok(()));
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW - 30))
            .await
            .is_ok()
    );
    assert!(
        gates
            .unlock("bob", "git", &code(GIT, NOW - 30))
            .await
            .is_ok()
    );
    assert_eq!(gates.lock_everyone().await, Ok(()));
    assert_eq!(gates.pass("ann", "shell").await, locked("shell"));
    assert_eq!(gates.pass("bob", "git").await, locked("git"));
    for caller in ["ann", "bob"] {
        let all = gates.status(caller).await.expect("it is told");
        assert!(all.iter().all(|group| group.closes_in.is_none()), "{all:?}");
    }
    // It does not make used codes good, and does not keep new ones out.
    let answer = gates.unlock("ann", "shell", &code(SHELL, NOW - 30)).await;
    assert_eq!(answer, Err(NotOpened::Reused));
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    assert_eq!(gates.pass("ann", "shell").await, Ok(()));
    assert_eq!(gates.pass("bob", "git").await, locked("git"));
}

async fn a_lock_out_outlives_locking(place: &Place) {
    let gates = place.gates();
    for _ in 0..5 {
        assert!(gates.unlock("eve", "shell", &wrong(SHELL)).await.is_err());
    }
    assert_eq!(gates.lock("eve", None).await, Ok(()));
    assert_eq!(gates.lock_everyone().await, Ok(()));
    let answer = gates.unlock("eve", "shell", &code(SHELL, NOW)).await;
    assert!(is_locked_out(&answer), "{answer:?}");
}

async fn the_status_tells_and_changes_nothing(place: &Place) {
    let gates = place.gates();
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    for _ in 0..5 {
        assert!(gates.unlock("ann", "git", &wrong(GIT)).await.is_err());
    }
    let all = gates.status("ann").await.expect("it is told");
    let [git, shell] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!((&*git.group, git.closes_in), ("git", None));
    assert!(
        git.locked_out.is_some_and(|time| time <= LOCKOUT),
        "{git:?}"
    );
    assert_eq!((&*shell.group, shell.locked_out), ("shell", None));
    assert!(
        shell.closes_in.is_some_and(|time| time <= INACTIVITY),
        "{shell:?}"
    );
    let nothing = |group: &str| GroupStatus {
        group: group.to_owned(),
        closes_in: None,
        locked_out: None,
    };
    assert_eq!(
        gates.status("bob").await,
        Ok(vec![nothing("git"), nothing("shell")])
    );
    sleep(INACTIVITY / 2).await;
    assert!(gates.status("ann").await.is_ok());
    sleep(INACTIVITY / 2 + Duration::from_millis(50)).await;
    assert_eq!(
        gates.status("ann").await,
        Ok(vec![nothing("git"), nothing("shell")])
    );
    assert_eq!(gates.pass("ann", "shell").await, locked("shell"));
}

async fn an_unknown_group_never_opens(place: &Place) {
    let gates = place.gates();
    assert_eq!(gates.pass("ann", "rope").await, locked("rope"));
    for code in [code(SHELL, NOW), wrong(SHELL)] {
        assert_eq!(
            gates.unlock("ann", "rope", &code).await,
            Err(NotOpened::UnknownGroup)
        );
    }
    assert_eq!(gates.pass("ann", "rope").await, locked("rope"));
}
