//! Kernels that lack a part of the sandbox, played by a filter on the test's thread.

use std::collections::BTreeMap;

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_shell::PLUGIN;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use serde_json::{Value, json};

use crate::support::*;

/// Runs a script where these system calls do not exist.
fn without(calls: &[i64], mode: &str, script: &str) -> Result<Value, String> {
    let mut settings = settings();
    settings["sandbox"] = json!(mode);
    let (calls, body) = (calls.to_vec(), perl(script, &json!({})));
    let run = std::thread::spawn(move || {
        let rules: BTreeMap<_, _> = calls.into_iter().map(|call| (call, Vec::new())).collect();
        let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let machine = std::env::consts::ARCH.try_into().unwrap();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, machine).unwrap();
        let filter: BpfProgram = filter.try_into().unwrap();
        apply_filter(&filter).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let started =
                TestPlugin::start_declared(&PLUGIN, rows(tool(&body, &[])), settings).await;
            let plugin = started.map_err(|error| error.to_string())?;
            plugin
                .call_json("run", json!({}))
                .await
                .map_err(|error| error.to_string())
        })
    });
    run.join().unwrap()
}

const LANDLOCK: &[i64] = &[444, 445, 446];
const SECCOMP: &[i64] = &[libc::SYS_seccomp];
/// Reads something, and opens a socket.
const SCRIPT: &str = "use Socket; print open(my $h, '<', '/etc/hostname') ? 'read' : 'unread';
    print socket(my $s, PF_INET, SOCK_STREAM, 0) ? ' open' : ' shut'";

#[test]
fn the_whole_sandbox_is_required_unless_told() {
    let error = without(LANDLOCK, "require", SCRIPT).unwrap_err();
    assert!(
        error.contains("Landlock") && error.contains("best-effort"),
        "{error}"
    );
    let error = without(SECCOMP, "require", SCRIPT).unwrap_err();
    assert!(
        error.contains("seccomp") && error.contains("best-effort"),
        "{error}"
    );
}

#[test]
fn best_effort_makes_do_with_what_there_is() {
    let outcome = without(LANDLOCK, "best-effort", SCRIPT).unwrap();
    assert_eq!(outcome["stdout"], "read shut", "{outcome}");
    let outcome = without(SECCOMP, "best-effort", SCRIPT).unwrap();
    assert_eq!(outcome["stdout"], "unread open", "{outcome}");
    let outcome = without(&[9999], "best-effort", SCRIPT).unwrap();
    assert_eq!(outcome["stdout"], "unread shut", "{outcome}");
}

#[test]
fn off_is_off_but_limits_and_time_hold() {
    let outcome = without(&[9999], "off", SCRIPT).unwrap();
    assert_eq!(outcome["stdout"], "read open", "{outcome}");
    let script = "my @all; for (1..1000) { open(my $h, '<', '/dev/null') or last; push @all, $h } print scalar @all";
    let outcome = without(&[9999], "off", script).unwrap();
    assert!(stdout(&outcome).parse::<u32>().unwrap() < 64, "{outcome}");
    let begun = std::time::Instant::now();
    let bomb = without(&[9999], "off", "fork while 1").unwrap();
    assert_eq!(bomb["ended"], "too_many_processes", "{bomb}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    // Another group, in the same session, is found.
    let mark = &mark("other-group");
    let script = format!("$| = 1; print 'x'; if (!fork) {{ setpgrp(0, 0); sleep 60 }} # {mark}");
    let outcome = without(&[9999], "off", &script).unwrap();
    assert!(stdout(&outcome).starts_with('x'), "{outcome}");
    assert_eq!(processes_with(mark), 0);
}
