//! What a command that means well does.

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn git_shows_a_log() {
    let (_directory, path) = repository();
    let body = json!({
        "argv": ["/usr/bin/git", "-C", path, "log", "--format=%s", "--max-count={count}", "--", "{path}"],
        "env": {
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": path,
        },
        "read": [path],
    });
    let mut parameters = [number("count"), text("path")];
    parameters[1].required = false;
    let plugin = start(tool(&body, &parameters)).await;
    let log = async |arguments| plugin.call_json("run", arguments).await.unwrap();
    let all = log(json!({})).await;
    assert_eq!(all["stdout"], "Second\nFirst\n", "{all}");
    assert_eq!(
        (&all["ended"], &all["exit_code"]),
        (&json!("exited"), &json!(0))
    );
    assert_eq!(all["truncated"], false);
    assert!(all.get("note").is_none(), "{all}");
    assert_eq!(log(json!({ "count": 1 })).await["stdout"], "Second\n");
    // One argument, whatever is in it.
    assert_eq!(log(json!({ "path": "a file" })).await["stdout"], "First\n");
    assert_eq!(log(json!({ "path": "a" })).await["stdout"], "");
}

#[tokio::test]
async fn a_failure_is_an_answer() {
    let failed = run_perl("print STDERR 'no'; print 'some'; exit 3", &json!({})).await;
    assert_eq!(failed["exit_code"], 3);
    assert_eq!(failed["ended"], "exited");
    assert_eq!((stdout(&failed), &failed["stderr"]), ("some", &json!("no")));
    let crashed = run_perl("kill 'SEGV', $$; sleep 5", &json!({})).await;
    assert_eq!(crashed["ended"], "signalled", "{crashed}");
    assert_eq!(crashed["exit_code"], json!(null));
    assert!(crashed["note"].as_str().unwrap().contains("SIGSEGV"));
}

#[tokio::test]
async fn the_environment_is_what_was_declared() {
    let env = json!({ "env": { "GREETING": "hello {x}" } });
    let outcome = run_perl(
        "print join ',', map { \"$_=$ENV{$_}\" } sort keys %ENV",
        &env,
    )
    .await;
    assert_eq!(stdout(&outcome), "GREETING=hello {x}");
}

#[tokio::test]
async fn it_runs_in_a_directory_of_its_own_or_the_declared_one() {
    let script = "use Cwd; opendir(my $d, '.') or die $!; print getcwd(), ' ', scalar grep { !/^\\./ } readdir $d";
    let own = run_perl(script, &json!({})).await;
    let (path, entries) = stdout(&own).rsplit_once(' ').unwrap();
    assert!(path.contains("/mcp-shell-"), "{own}");
    assert_eq!(entries, "0");
    assert!(!std::path::Path::new(path).exists());
    let (_directory, path) = open_directory();
    canary(&path, "canary");
    let declared = run_perl(script, &json!({ "cwd": path })).await;
    assert_eq!(stdout(&declared), format!("{} 1", path.display()));
}

#[tokio::test]
async fn there_is_nothing_to_read_from_and_no_descriptor_is_left() {
    // One that a library forgot to close: it is readable, and has no flag to be closed by exec.
    let (_directory, path) = open_directory();
    let leak = std::fs::File::open(canary(&path, "canary")).unwrap();
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).unwrap();
    let script = "print scalar(<STDIN>) // 'end', ':';
        for my $fd (3..255) { if (open(my $h, '<&=', $fd)) { print \"$fd \" } }";
    let outcome = run_perl(script, &json!({})).await;
    drop(leak);
    assert_eq!(stdout(&outcome), "end:", "{outcome}");
}

/// Not a test of its own: what `it_does_not_read_what_the_server_reads` runs as a process.
#[tokio::test]
#[ignore = "a part of it_does_not_read_what_the_server_reads, which runs it"]
async fn a_server_with_something_to_read() {
    let outcome = run_perl("print scalar(<STDIN>) // 'end'", &json!({})).await;
    assert_eq!(stdout(&outcome), "end");
}

#[test]
fn it_does_not_read_what_the_server_reads() {
    use std::io::Write as _;
    // As a server on stdio has its client there.
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "running::a_server_with_something_to_read",
            "--ignored",
        ])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut client = server.stdin.take().unwrap();
    client.write_all(b"a message for the server\n").unwrap();
    assert!(server.wait().unwrap().success());
}

#[tokio::test]
async fn the_program_sees_its_own_name() {
    let outcome = run_perl("print $^X", &json!({})).await;
    assert!(outcome["exit_code"] == 0, "{outcome}");
    assert!(!stdout(&outcome).contains("/proc/self/fd"), "{outcome}");
}

#[tokio::test]
async fn what_is_no_text_is_replaced() {
    let outcome = run_perl("binmode STDOUT; print \"a\\xff\\xfeb\\0c\"", &json!({})).await;
    assert_eq!(stdout(&outcome), "a\u{fffd}\u{fffd}b\0c");
}

#[tokio::test]
async fn more_commands_than_places_wait_or_are_refused() {
    let mut settings = settings();
    settings["max_concurrent"] = json!(1);
    settings["max_waiting"] = json!(1);
    let body = perl("select undef, undef, undef, 0.5; print 1", &json!({}));
    let plugin = start_with(tool(&body, &[]), settings).await;
    let call = || plugin.call_json("run", json!({}));
    let (one, two, three) = tokio::join!(call(), call(), call());
    let answers = [one, two, three];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    let refused = answers.iter().find_map(|answer| answer.as_ref().err());
    let refused = refused.unwrap().to_string();
    assert!(
        refused.contains("all places for commands are taken"),
        "{refused}"
    );
    let gauges = plugin.health().await;
    assert_eq!(
        gauges.gauges(),
        [("commands_running", 0.0), ("commands_waiting", 0.0)]
    );
}

#[tokio::test]
async fn a_turn_that_does_not_come_in_time_is_told() {
    let mut settings = settings();
    settings["max_concurrent"] = json!(1);
    let body = perl("$SIG{TERM} = 'IGNORE'; sleep 2 while 1", &json!({}));
    let mut tool = tool(&body, &[]);
    tool.timeout = Some(std::time::Duration::from_millis(400));
    let plugin = start_with(tool, settings).await;
    let call = || plugin.call_json("run", json!({}));
    let (one, two) = tokio::join!(call(), call());
    assert_eq!(one.unwrap()["ended"], "timed_out");
    let error = two.unwrap_err().to_string();
    assert!(
        error.contains("no place for the command became free"),
        "{error}"
    );
}
