//! What is checked is what is opened, while another process flips names as fast as it can.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mcp_plugin_fs::{WriteMode, WriteRequest};
use rustix::fs::{RenameFlags, renameat_with};

use crate::sandbox::{SECRET, Sandbox};

/// How many reads each race makes: `FS_RACE_READS`, else 200,000.
fn reads() -> u32 {
    std::env::var("FS_RACE_READS")
        .ok()
        .map_or(200_000, |count| count.parse().unwrap())
}

/// Ends the flipping when dropped.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Swaps `a` and `b` in `directory` without pause while `work` runs.
fn while_flipping<T>(directory: &Path, a: &str, b: &str, work: impl FnOnce() -> T) -> T {
    let directory = File::open(directory).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(&directory, a, &directory, b, RenameFlags::EXCHANGE).unwrap();
                std::hint::spin_loop();
            }
        });
        // Also when `work` fails: the scope waits for its threads.
        let _stop = Stop(&stop);
        work()
    })
}

/// Reads `path` over and over; only `good` content may come back, and some must.
fn only_reads(sandbox: &Sandbox, path: &str, good: &str) {
    let (mut read, mut refused) = (0, 0);
    let start = Instant::now();
    // On a busy machine the other thread may rest: go on until there was a race to win.
    let no_race = |read: u32, refused: u32| {
        (read == 0 || refused == 0) && start.elapsed() < Duration::from_mins(1)
    };
    while read + refused < reads() || no_race(read, refused) {
        let way = match (read + refused) % 2 {
            0 => Sandbox::read_soon,
            _ => Sandbox::read_slowly,
        };
        match way(sandbox, path) {
            Ok(content) => {
                assert_eq!(
                    content, good,
                    "leaked after {read} good and {refused} refused reads"
                );
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        read > 0 && refused > 0,
        "no race took place: {read} read, {refused} refused"
    );
}

#[test]
fn a_directory_flipped_with_a_link_to_the_outside() {
    let sandbox = Sandbox::new();
    sandbox
        .put("a/secret.txt", "inside")
        .link("b", "../outside");
    while_flipping(&sandbox.path(""), "a", "b", || {
        only_reads(&sandbox, "a/secret.txt", "inside");
    });
}

#[test]
fn a_file_flipped_with_a_link_to_the_outside() {
    let sandbox = Sandbox::new();
    sandbox
        .put("a", "inside")
        .link("b", "../outside/secret.txt");
    while_flipping(&sandbox.path(""), "a", "b", || {
        only_reads(&sandbox, "a", "inside");
    });
}

#[test]
fn a_file_flipped_with_a_link_to_a_denied_file() {
    let sandbox = Sandbox::new();
    sandbox
        .put("a", "inside")
        .put(".env", SECRET)
        .link("b", ".env");
    while_flipping(&sandbox.path(""), "a", "b", || {
        only_reads(&sandbox, "a", "inside");
    });
}

#[test]
fn a_file_flipped_with_a_fifo_never_makes_a_read_wait() {
    let (done, wait) = mpsc::channel();
    let races = thread::spawn(move || {
        let sandbox = Sandbox::new();
        sandbox.put("a", "inside");
        assert!(
            Command::new("mkfifo")
                .arg(sandbox.path("b"))
                .status()
                .unwrap()
                .success()
        );
        while_flipping(&sandbox.path(""), "a", "b", || {
            only_reads(&sandbox, "a", "inside");
        });
        done.send(()).unwrap();
    });
    match wait.recv_timeout(Duration::from_mins(2)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a read waits for the FIFO"),
        _ => races.join().unwrap(),
    }
}

#[test]
fn writes_land_inside_or_nowhere() {
    let sandbox = Sandbox::new();
    sandbox.put("a/f", "").link("b", "../outside");
    let done = while_flipping(&sandbox.path(""), "a", "b", || {
        let mut done = [0; 5];
        let start = Instant::now();
        let mut at = 0;
        // On a busy machine the other thread may rest: go on until there was a race to win.
        while at < reads() / 100 || (done.contains(&0) && start.elapsed() < Duration::from_secs(20))
        {
            at += 1;
            let write = WriteRequest {
                path: "a/f".into(),
                content: format!("{at}"),
                mode: [WriteMode::Overwrite, WriteMode::Append, WriteMode::Create][at as usize % 3],
                if_sha256: None,
            };
            done[0] += u32::from(sandbox.files.write(&write).is_ok());
            done[1] += u32::from(sandbox.files.create_directory("a/new").is_ok());
            done[2] += u32::from(sandbox.files.copy("a/f", "a/copy", true).is_ok());
            done[3] += u32::from(sandbox.files.relocate("a/copy", "a/moved", true).is_ok());
            done[4] += u32::from(sandbox.files.delete("a/f", false).is_ok());
            // The outside has no such file: this may only ever fail.
            assert!(sandbox.files.delete("a/secret.txt", false).is_err());
        }
        done
    });
    assert!(
        done.iter().all(|count| *count > 0),
        "some of each must get through: {done:?}"
    );
    let outside: Vec<_> = fs::read_dir(sandbox.beside("outside"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(outside, ["secret.txt"]);
    assert_eq!(
        fs::read_to_string(sandbox.beside("outside/secret.txt")).unwrap(),
        SECRET
    );
    assert!(
        sandbox
            .names()
            .iter()
            .all(|name| !name.contains(".mcp-fs-")),
        "{:?}",
        sandbox.names()
    );
}

#[test]
fn recursive_deletion_stays_inside() {
    let sandbox = Sandbox::new();
    sandbox.link("b", "../../outside");
    for round in 0..200 {
        sandbox.put("d/a/x", "").put("d/a/y/z", "");
        if round == 0 {
            fs::rename(sandbox.path("b"), sandbox.path("d/b")).unwrap();
        } else if !sandbox.path("d/b").is_symlink() {
            sandbox.link("d/b", "../../outside");
        }
        let directory = File::open(sandbox.path("d")).unwrap();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                // Ends by itself when one of the two is gone.
                while !stop.load(Ordering::Relaxed)
                    && renameat_with(&directory, "a", &directory, "b", RenameFlags::EXCHANGE)
                        .is_ok()
                {
                    std::hint::spin_loop();
                }
            });
            drop(sandbox.files.delete("d", true));
            stop.store(true, Ordering::Relaxed);
        });
        drop(fs::remove_dir_all(sandbox.path("d")));
    }
    assert_eq!(
        fs::read_to_string(sandbox.beside("outside/secret.txt")).unwrap(),
        SECRET
    );
}

#[test]
fn what_another_program_creates_meanwhile_is_never_replaced() {
    let sandbox = Sandbox::new();
    sandbox.put("source", "ours");
    for round in 0..150_u32 {
        let name = format!("f{round}");
        let theirs = sandbox.path(&name);
        let (we_won, they_won) = thread::scope(|scope| {
            let other = scope.spawn(|| {
                thread::sleep(Duration::from_micros(u64::from(round) * 10));
                File::create_new(&theirs).is_ok()
            });
            let ours = match round % 3 {
                0 => {
                    let content = "ours".into();
                    let write = WriteRequest {
                        path: name.clone(),
                        content,
                        mode: WriteMode::Create,
                        if_sha256: None,
                    };
                    sandbox.files.write(&write).is_ok()
                }
                1 => sandbox.files.copy("source", &name, false).is_ok(),
                _ => {
                    sandbox.put("moving", "ours");
                    sandbox.files.relocate("moving", &name, false).is_ok()
                }
            };
            (ours, other.join().unwrap())
        });
        assert_ne!(
            we_won, they_won,
            "round {round}: one of the two makes the file"
        );
        assert_eq!(
            sandbox.get(&name),
            if we_won { "ours" } else { "" },
            "round {round}"
        );
    }
}
