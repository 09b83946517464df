//! Limits: time, processor, memory, output, files. Each is met by a program that does its worst.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::*;

async fn limited(script: &str, keys: Value, timeout: Duration) -> (Value, Duration) {
    let mut tool = tool(&perl(script, &keys), &[]);
    tool.timeout = Some(timeout);
    let plugin = start(tool).await;
    let begun = Instant::now();
    let outcome = plugin.call_json("run", json!({})).await.unwrap();
    (outcome, begun.elapsed())
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn its_time_is_up_whether_it_listens_or_not() {
    let script = "$| = 1; print 'begun'; $SIG{$_} = 'IGNORE' for qw(TERM INT HUP QUIT ALRM); sleep 1 while 1";
    let (outcome, took) = limited(script, json!({}), Duration::from_secs(2)).await;
    assert_eq!(outcome["ended"], "timed_out", "{outcome}");
    assert_eq!(stdout(&outcome), "begun");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(outcome["note"].as_str().unwrap().contains("time was over"));
    // Whoever listens may tidy up.
    let script = "$| = 1; $SIG{TERM} = sub { print 'bye'; exit 7 }; sleep 1 while 1";
    let (outcome, _) = limited(script, json!({}), Duration::from_secs(2)).await;
    assert_eq!(
        (stdout(&outcome), &outcome["exit_code"]),
        ("bye", &json!(7))
    );
    assert_eq!(outcome["ended"], "timed_out");
}

#[tokio::test]
async fn the_end_of_the_call_comes_before_the_timeout() {
    let plugin = start(tool(&perl("sleep 60", &json!({})), &[])).await;
    let plugin = plugin.with_timeout(Duration::from_millis(700));
    let begun = Instant::now();
    let outcome = plugin.call_json("run", json!({})).await.unwrap();
    assert_eq!(outcome["ended"], "timed_out");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn the_processor_is_limited() {
    let (outcome, took) = limited("1 while 1", json!({ "cpu_seconds": 1 }), LONG).await;
    assert_eq!(outcome["ended"], "signalled", "{outcome}");
    assert!(
        outcome["note"].as_str().unwrap().contains("SIGXCPU"),
        "{outcome}"
    );
    assert!(took < Duration::from_secs(10));
    let stubborn = "$SIG{XCPU} = 'IGNORE'; 1 while 1";
    let (outcome, _) = limited(stubborn, json!({ "cpu_seconds": 1 }), LONG).await;
    assert!(
        outcome["note"].as_str().unwrap().contains("SIGKILL"),
        "{outcome}"
    );
}

#[tokio::test]
async fn memory_is_limited() {
    let script = "my @all; push @all, 'x' x (1 << 20) for 1..4096; print 'had it'";
    let (outcome, _) = limited(script, json!({ "memory_mib": 128 }), LONG).await;
    assert_ne!(outcome["exit_code"], 0, "{outcome}");
    assert!(!stdout(&outcome).contains("had it"));
    // Many that are small each.
    let many = "for (1..12) { if (!fork) { my $all = 'x' x (40 << 20); sleep 9; exit } } sleep 9";
    let keys = json!({ "memory_mib": 128, "processes": 16 });
    let (outcome, took) = limited(many, keys, LONG).await;
    assert_eq!(outcome["ended"], "too_much_memory", "{outcome}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn output_is_kept_up_to_its_limit_and_a_flood_is_ended() {
    let script = "print 'o' x 5000; print STDERR 'e' x 20";
    let keys = json!({ "max_output_bytes": 1000 });
    let (outcome, _) = limited(script, keys.clone(), LONG).await;
    assert_eq!(
        (stdout(&outcome).len(), &outcome["truncated"]),
        (1000, &json!(true))
    );
    assert_eq!(outcome["stderr"].as_str().unwrap().len(), 20);
    assert_eq!(
        outcome["exit_code"], 0,
        "nobody is held up by what is dropped"
    );
    for stream in ["STDOUT", "STDERR"] {
        let flood = format!("my $x = 'x' x 65536; print {stream} $x while 1");
        let (outcome, took) = limited(&flood, keys.clone(), LONG).await;
        assert_eq!(outcome["ended"], "wrote_too_much", "{outcome}");
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[tokio::test]
async fn files_are_limited() {
    let script = "open(my $h, '>', 'x') or die $!; my $x = 'x' x (1 << 20); syswrite($h, $x) for 1..64; print -s 'x'";
    let keys = json!({ "write": ["."], "file_size_mib": 2 });
    let (outcome, _) = limited(script, keys, LONG).await;
    assert_eq!(outcome["ended"], "signalled", "{outcome}");
    assert!(outcome["note"].as_str().unwrap().contains("file_size_mib"));
    let script = "my @all; for (1..1000) { open(my $h, '<', '/dev/null') or last; push @all, $h } print scalar @all";
    let (outcome, _) = limited(script, json!({ "open_files": 32 }), LONG).await;
    let opened: u32 = stdout(&outcome).parse().unwrap();
    assert!(opened < 32, "{outcome}");
    let (outcome, _) = limited("kill 'ABRT', $$; sleep 9", json!({ "write": ["."] }), LONG).await;
    assert_eq!(outcome["ended"], "signalled", "{outcome}");
}

#[tokio::test]
async fn limits_are_hard_from_the_first_instruction() {
    let script = "open(my $l, '<', '/proc/self/limits') or die $!; print <$l>";
    let keys = json!({
        "read": ["/proc"], "cpu_seconds": 7, "memory_mib": 100, "open_files": 20, "file_size_mib": 3
    });
    let (outcome, _) = limited(script, keys, LONG).await;
    let limits: Vec<String> = stdout(&outcome)
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "Max cpu time 7 8 seconds",
        "Max file size 3145728 3145728 bytes",
        "Max core file size 0 0 bytes",
        "Max open files 20 20 files",
        "Max locked memory 0 0 bytes",
        "Max address space 104857600 104857600 bytes",
    ] {
        assert!(limits.contains(&line.to_owned()), "{line}: {limits:?}");
    }
    let processes = limits.iter().find(|line| line.starts_with("Max processes"));
    assert!(!processes.unwrap().contains("unlimited"), "{limits:?}");
}

#[tokio::test]
async fn limits_cannot_be_raised() {
    // prlimit(0, resource, &{ infinity, infinity }, 0)
    for resource in [0, 1, 7, 9] {
        let script = format!(
            "my $new = pack('QQ', ~0, ~0); my $r = syscall({}, 0, {resource}, $new, 0); print $r == -1 ? \"refused: $!\" : 'raised'",
            libc::SYS_prlimit64
        );
        let (outcome, _) = limited(&script, json!({}), LONG).await;
        assert_eq!(stdout(&outcome), "refused: Operation not permitted");
    }
}
