//! What the kernel knows of this process, under the names that every Prometheus client gives it.

use std::fs;

use super::Exposition;

/// One look at `/proc`; what cannot be read there is left out.
#[derive(Debug, Default)]
pub(crate) struct Process {
    cpu_seconds: Option<f64>,
    resident: Option<u64>,
    virtual_memory: Option<u64>,
    threads: Option<u64>,
    open: Option<usize>,
    most_open: Option<u64>,
}

impl Process {
    /// Looks. Reads files, but such as the kernel makes up from memory: nobody waits for a disk.
    pub(crate) fn look() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        Self {
            // Without the handle that the look itself takes.
            open: fs::read_dir("/proc/self/fd")
                .ok()
                .map(|all| all.count().saturating_sub(1)),
            most_open: limits.current,
            ..Self::of(
                &stat,
                rustix::param::page_size() as u64,
                rustix::param::clock_ticks_per_second(),
            )
        }
    }

    /// What `/proc/self/stat` says. Its second field is a name that may hold anything.
    fn of(stat: &str, page: u64, ticks: u64) -> Self {
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Numbered from 1 in proc(5), of which two are before the rest.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let cpu = field(14).zip(field(15)).map(|(user, system)| user + system);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a hundredth of a second in a hundred years"
        )]
        let seconds = |spent: u64| spent as f64 / ticks.max(1) as f64;
        Self {
            cpu_seconds: cpu.map(seconds),
            threads: field(20),
            virtual_memory: field(23),
            resident: field(24).map(|pages| pages * page),
            ..Self::default()
        }
    }

    pub(crate) fn resident(&self) -> Option<u64> {
        self.resident
    }

    pub(crate) fn write(&self, to: &mut Exposition, started: f64) {
        let cpu = "Total user and system CPU time spent in seconds.";
        if let Some(value) = self.cpu_seconds {
            to.counter("process_cpu_seconds_total", cpu)
                .value(&[], value);
        }
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                self.resident,
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                self.virtual_memory,
            ),
            (
                "process_open_fds",
                "Number of open file descriptors.",
                self.open.map(|open| open as u64),
            ),
            (
                "process_max_fds",
                "Maximum number of open file descriptors.",
                self.most_open,
            ),
            ("process_threads", "Number of OS threads.", self.threads),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                to.gauge(name, help).value(&[], value);
            }
        }
        let help = "Start time of the process since unix epoch in seconds.";
        to.gauge("process_start_time_seconds", help)
            .value(&[], started);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_bracket_does_not_move_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 100 4096000 25 18446744073709551615";
        let process = Process::of(stat, 4096, 100);
        assert_eq!(process.cpu_seconds, Some(2.0));
        assert_eq!(process.threads, Some(9));
        assert_eq!(process.virtual_memory, Some(4_096_000));
        assert_eq!(process.resident, Some(102_400));
        assert_eq!(Process::of("", 4096, 100).resident, None);
    }

    #[test]
    fn this_process_is_seen() {
        let process = Process::look();
        assert!(process.resident > Some(1 << 20), "{process:?}");
        assert!(process.open.is_some_and(|open| open >= 3), "{process:?}");
    }
}
