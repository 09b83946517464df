//! What the operating system says of a process: the time it had on processors, and its memory.

use std::{fs, io};

/// Of a tick in `/proc/PID/stat`; the same on every Linux that Rust runs on.
const TICK: f64 = 0.01;

/// Seconds that all threads of a process have run, in user and kernel mode.
///
/// The scheduler's own nanoseconds of every thread; where these are not to be had, or threads have ended and taken
/// theirs with them, the ticks of the process.
pub fn cpu_seconds(pid: u32) -> io::Result<f64> {
    let mut nanoseconds = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += number(text.split_whitespace().next());
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program stands in parentheses and may hold blanks.
    let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    let mut fields = after.split_whitespace().skip(11);
    let ticks = (number(fields.next()) + number(fields.next())) * TICK;
    let precise = nanoseconds / 1e9;
    Ok(if ticks > precise + 5.0 * TICK {
        ticks
    } else {
        precise
    })
}

/// Resident memory in KiB.
pub fn resident_kib(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let row = status.lines().find_map(|row| row.strip_prefix("VmRSS:"));
    let text = row.and_then(|row| row.split_whitespace().next());
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn number(text: Option<&str>) -> f64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
}
