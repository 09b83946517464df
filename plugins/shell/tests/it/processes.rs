//! Nothing of a command outlives it: forks, daemons, bombs, a dropped call, a stopped or killed server.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn it_starts_no_process_unless_declared() {
    let script = "my $p = fork; print defined $p ? 'forked' : \"$!\"";
    let outcome = run_perl(script, &json!({})).await;
    assert_eq!(stdout(&outcome), "Operation not permitted", "{outcome}");
    let script = "my $p = fork; if (!$p) { exit 5 } waitpid($p, 0); print $? >> 8";
    let outcome = run_perl(script, &json!({ "processes": 2 })).await;
    assert_eq!(stdout(&outcome), "5", "{outcome}");
}

#[tokio::test]
async fn a_fork_bomb_is_ended() {
    let mark = &mark("bomb");
    for script in ["fork while 1", "while (1) { if (!fork) { sleep 9 } }"] {
        let script = format!("{script}; # {mark}");
        let begun = Instant::now();
        let outcome = run_perl(&script, &json!({ "processes": 8 })).await;
        assert_eq!(outcome["ended"], "too_many_processes", "{outcome}");
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(processes_with(mark), 0);
    }
}

#[tokio::test]
async fn a_daemon_does_not_stay() {
    let mark = &mark("daemon");
    // Twice forked, in no group and no session if it can help it, with all descriptors closed or not.
    for close in ["", "close STDIN; close STDOUT; close STDERR;"] {
        let script = format!(
            "use POSIX (); if (!fork) {{ POSIX::setsid(); setpgrp(0, 0); if (!fork) {{ {close} $SIG{{$_}} = 'IGNORE' for qw(TERM HUP); sleep 60 }} exit }} wait; print 'left'; # {mark}"
        );
        let begun = Instant::now();
        let outcome = run_perl(&script, &json!({ "processes": 8 })).await;
        assert_eq!(
            (stdout(&outcome), &outcome["exit_code"]),
            ("left", &json!(0)),
            "{outcome}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(processes_with(mark), 0, "{outcome}");
    }
}

#[tokio::test]
async fn a_dropped_call_ends_its_command() {
    let mark = &mark("dropped");
    let script = format!("if (!fork) {{ sleep 60 }} sleep 60; # {mark}");
    let plugin = start(tool(&perl(&script, &json!({ "processes": 2 })), &[])).await;
    {
        let call = plugin.call_json("run", json!({}));
        tokio::pin!(call);
        let begun = Instant::now();
        while processes_with(mark) < 2 {
            let tick = tokio::time::timeout(Duration::from_millis(20), &mut call).await;
            assert!(tick.is_err(), "it runs: {tick:?}");
            assert!(begun.elapsed() < Duration::from_secs(5), "it begins");
        }
    }
    eventually("the end of both", || processes_with(mark) == 0).await;
    plugin.stop().await;
}

#[tokio::test]
async fn stopping_the_server_ends_every_command() {
    let mark = &mark("stopped");
    let script = format!("$SIG{{TERM}} = 'IGNORE'; sleep 60; # {mark}");
    let plugin = start(tool(&perl(&script, &json!({})), &[])).await;
    {
        let call = plugin.call_json("run", json!({}));
        tokio::pin!(call);
        let begun = Instant::now();
        while processes_with(mark) == 0 {
            assert!(
                tokio::time::timeout(Duration::from_millis(20), &mut call)
                    .await
                    .is_err()
            );
            assert!(begun.elapsed() < Duration::from_secs(5), "it begins");
        }
    }
    let begun = Instant::now();
    plugin.stop().await;
    assert_eq!(processes_with(mark), 0);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

/// Not a test of its own: what `a_killed_server_takes_its_commands_along` runs as a process.
#[tokio::test]
#[ignore = "a part of a_killed_server_takes_its_commands_along, which runs it"]
async fn a_server_with_a_command() {
    let Ok(mark) = std::env::var("SHELL_TEST_MARK") else {
        return;
    };
    let script = format!("sleep 60; # {mark}");
    let plugin = start(tool(&perl(&script, &json!({})), &[])).await;
    drop(plugin.call_json("run", json!({})).await);
}

#[tokio::test]
async fn a_killed_server_takes_its_commands_along() {
    let mark = &mark("orphan");
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::a_server_with_a_command", "--ignored"])
        .env("SHELL_TEST_MARK", mark)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    eventually("the command", || processes_with(mark) == 1).await;
    server.kill().unwrap();
    server.wait().unwrap();
    eventually("the end of the command", || processes_with(mark) == 0).await;
}
