//! Neither secrets nor codes are printed or logged, whatever happens.

use std::{fs, os::unix::fs::PermissionsExt as _};

use mcp_factory_guard::{Clock, Gates};

use crate::{
    log::Log,
    place::{NOW, Place, SHELL, code, wrong},
};

/// Everything that happens to gates, in words.
async fn story(place: &Place) -> String {
    let gates = place.gates();
    let (good, bad) = (code(SHELL, NOW), wrong(SHELL));
    let mut told = vec![format!("{:?} {gates:?}", place.config())];
    for text in [
        &good, &good, &bad, &bad, &bad, &bad, &bad, &bad, &good, "canary",
    ] {
        let answer = gates.unlock("ann", "shell", text).await;
        told.push(format!("{answer:?}"));
        if let Err(refusal) = answer {
            told.push(refusal.to_string());
        }
    }
    told.push(format!(
        "{:?} {:?}",
        gates.pass("ann", "shell").await,
        gates.status("ann").await
    ));
    told.push(format!("{:?}", gates.lock_everyone().await));
    let secret = fs::read_to_string(place.path("shell")).expect("it is there");
    for broken in [&secret[..20], &format!("{secret}!")] {
        place.put("shell", broken);
        told.push(format!("{:?}", gates.unlock("bob", "shell", &good).await));
        let start = Gates::new("notes", &place.config(), &[], None, Clock::following(NOW));
        told.push(format!("{:?}", start.expect_err("the secret is broken")));
    }
    place.put("shell", &secret);
    fs::set_permissions(place.path("shell"), fs::Permissions::from_mode(0o644))
        .expect("permissions");
    told.push(format!("{:?}", gates.unlock("bob", "shell", &good).await));
    told.push(format!("{gates:?}"));
    told.join("\n")
}

async fn nothing_is_told(place: Place) {
    let (log, _guard) = Log::capture();
    let told = story(&place).await + &log.text();
    // The secret as it is written, as it is decoded, and in numbers; the codes.
    let secret = SHELL.replace(' ', "");
    let bytes = totp_rs::Secret::try_from_base32(&secret).expect("base32");
    let numbers = format!("{:?}", &bytes.as_bytes()[..4]);
    let (good, bad) = (code(SHELL, NOW), wrong(SHELL));
    for canary in [
        &secret[..8],
        &SHELL[..9],
        &numbers[1..numbers.len() - 1],
        &good,
        &bad,
        "canary",
    ] {
        assert!(!told.contains(canary), "{canary} in {told}");
    }
    for word in [
        "a gate was opened",
        "too many wrong codes",
        "every gate was locked",
        "its secret cannot be read",
    ] {
        assert!(
            log.text().contains(word),
            "{word} is logged: {}",
            log.text()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_here() {
    nothing_is_told(Place::here()).await;
}

#[tokio::test]
async fn nothing_is_told_in_redis() {
    nothing_is_told(Place::redis()).await;
}
