//! What a server with gates refuses to start with, and secrets that change while it runs.

use std::{fs, os::unix::fs::PermissionsExt as _};

use mcp_factory_guard::{Clock, GateConfig, Gates, NotOpened, Problem};

use crate::place::{GIT, NOW, Place, SHELL, code};

fn problems(place: &Place, groups: &[&str]) -> Vec<Problem> {
    Gates::new(
        "notes",
        &place.config(),
        groups,
        None,
        Clock::following(NOW),
    )
    .expect_err("it does not start")
}

#[tokio::test]
async fn a_group_without_a_secret_stops_the_start() {
    let place = Place::here();
    let problems = problems(&place, &["shell", "rope"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].path, "groups.rope");
    assert!(
        problems[0]
            .message
            .contains("[gate.groups.rope]\nsecret = \"env:ROPE_GATE\""),
        "{problems:?}"
    );
    let none = Gates::new(
        "notes",
        &GateConfig::default(),
        &["shell"],
        None,
        Clock::following(NOW),
    );
    assert_eq!(none.expect_err("it does not start").len(), 1);
    let unused = Gates::new(
        "notes",
        &GateConfig::default(),
        &[],
        None,
        Clock::following(NOW),
    );
    assert!(
        unused
            .expect("no tool is gated")
            .pass("ann", "shell")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn every_secret_is_tried_at_the_start() {
    for (secret, words) in [
        ("GEZDGNBVGY3TQOJQ", "has 80 bits and needs at least 128"),
        ("canary-canary-0189", "is not base32"),
        ("\n", "is empty"),
    ] {
        let place = Place::here();
        place.put("shell", secret);
        place.put("git", secret);
        let problems = problems(&place, &["shell"]);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(problems[1].path, "groups.shell.secret");
        let message = &problems[1].message;
        assert!(
            message.contains(words) && !message.contains("canary"),
            "{message}"
        );
    }
    let place = Place::here();
    fs::set_permissions(place.path("git"), fs::Permissions::from_mode(0o644)).expect("permissions");
    fs::remove_file(place.path("shell")).expect("it was there");
    let problems = problems(&place, &[]);
    assert!(problems[0].message.contains("chmod 600"), "{problems:?}");
    assert!(
        problems[1].message.contains("cannot be read"),
        "{problems:?}"
    );
}

#[tokio::test]
async fn two_groups_do_not_share_a_secret() {
    let place = Place::here();
    place.put("shell", &GIT.to_lowercase());
    let problems = problems(&place, &[]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].message.contains("the secret of `git` too"),
        "{problems:?}"
    );
}

#[tokio::test]
async fn a_file_is_read_for_each_code() {
    let place = Place::here();
    let gates = place.gates();
    let fresh = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U";
    place.put("shell", fresh);
    let old = gates.unlock("ann", "shell", &code(SHELL, NOW)).await;
    assert_eq!(old, Err(NotOpened::Wrong { left: 4 }));
    assert!(
        gates
            .unlock("ann", "shell", &code(fresh, NOW))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_secret_that_went_bad_opens_nothing_and_closes_nothing() {
    let place = Place::here();
    let gates = place.gates();
    assert!(
        gates
            .unlock("ann", "shell", &code(SHELL, NOW - 30))
            .await
            .is_ok()
    );
    let path = place.path("shell");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).expect("permissions");
    for _ in 0..7 {
        let answer = gates.unlock("bob", "shell", &code(SHELL, NOW)).await;
        assert_eq!(answer, Err(NotOpened::Unavailable));
    }
    assert!(gates.pass("ann", "shell").await.is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    assert!(
        gates
            .unlock("bob", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
}
