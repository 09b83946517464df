//! What passing the guards costs one call: `cargo bench -p mcp-factory-guard`.
//!
//! Prints the median of each, in nanoseconds. Time is tokio's with its test hooks compiled in, as for
//! every bench and test: a server, without them, reads the clock a little faster.

use std::{
    fs,
    hint::black_box,
    io::{self, Write as _},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    os::unix::fs::PermissionsExt as _,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use governor::{Quota, RateLimiter, clock::MonotonicClock, state::keyed::HashMapStateStore};
use mcp_factory_guard::{AddressLimits, Clock, GATE_PLUGIN, GateConfig, Gates, RateLimits};
use mcp_factory_sdk::{Principal, Rate, ScopeSet, authorize};

const PLENTY: Rate = Rate::new(u32::MAX, Duration::from_secs(1));
const CALLERS: usize = 10_000;

fn main() -> io::Result<()> {
    let callers: Vec<String> = (0..CALLERS)
        .map(|n| format!("https://id.example.com/|user-{n:08}"))
        .collect();
    let one = &callers[..1];

    scope()?;
    rate("rate: take_local, 1 caller", one)?;
    rate("rate: take_local, 10,000 callers", &callers)?;
    refused(one)?;
    newcomers()?;
    bare_governor("bare governor, keyed, 1 caller", one)?;
    bare_governor("bare governor, keyed, 10,000 callers", &callers)?;
    addresses()?;
    two_threads(&callers)?;
    all_together(one)
}

/// The median of 101 samples of 2,000.
fn measure(name: &str, mut step: impl FnMut(usize)) -> io::Result<()> {
    const EACH: u32 = 2_000;
    let mut count = 0;
    let mut samples: Vec<Duration> = (0..101)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..EACH {
                step(count);
                count += 1;
            }
            start.elapsed()
        })
        .collect();
    samples.sort_unstable();
    let median = samples[samples.len() / 2] / EACH;
    writeln!(io::stdout(), "{name:<44} {:>6} ns", median.as_nanos())
}

fn scope() -> io::Result<()> {
    let tool = &GATE_PLUGIN.tools()[0];
    let principal = Arc::new(Principal::new(
        "https://id.example.com/|user",
        ScopeSet::All,
    ));
    measure("scope: authorize", |_| {
        black_box(authorize(black_box(&principal), tool).is_ok());
    })
}

fn rate(name: &str, callers: &[String]) -> io::Result<()> {
    let limits = RateLimits::new(CALLERS, None);
    measure(name, |n| {
        let caller = &callers[n % callers.len()];
        black_box(
            limits
                .take_local(black_box(caller), "write_file", PLENTY)
                .is_ok(),
        );
    })
}

fn refused(callers: &[String]) -> io::Result<()> {
    let limits = RateLimits::new(CALLERS, None);
    let rate = Rate::new(1, Duration::from_hours(24));
    measure("rate: take_local, refused", |_| {
        black_box(
            limits
                .take_local(black_box(&callers[0]), "write_file", rate)
                .is_err(),
        );
    })
}

fn newcomers() -> io::Result<()> {
    let limits = RateLimits::new(CALLERS, None);
    let rate = Rate::new(2, Duration::from_hours(1));
    let mut name = *b"caller-00000000000000000000";
    measure("rate: take_local, always a new caller", |n| {
        name[7..15].copy_from_slice(&n.to_le_bytes().map(|byte| byte & 0x7f));
        let name = str::from_utf8(&name).expect("ASCII");
        black_box(
            limits
                .take_local(black_box(name), "write_file", rate)
                .is_ok(),
        );
    })
}

fn bare_governor(name: &str, callers: &[String]) -> io::Result<()> {
    let most = NonZeroU32::MAX;
    let limiter: RateLimiter<String, HashMapStateStore<String>, _> = RateLimiter::new(
        Quota::per_second(most),
        HashMapStateStore::default(),
        MonotonicClock,
    );
    measure(name, |n| {
        let caller = &callers[n % callers.len()];
        black_box(limiter.check_key(black_box(caller)).is_ok());
    })
}

fn addresses() -> io::Result<()> {
    let limits = AddressLimits::new(CALLERS, Some(PLENTY));
    measure("address: take, 10,000 networks", |n| {
        let network = (n % CALLERS) as u128;
        let address = IpAddr::V6(Ipv6Addr::from(0x2001 << 112 | network << 64));
        black_box(limits.take(black_box(address)).is_ok());
    })
}

fn two_threads(callers: &[String]) -> io::Result<()> {
    let limits = RateLimits::new(CALLERS, None);
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for caller in callers.iter().cycle() {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                black_box(limits.take_local(caller, "write_file", PLENTY).is_ok());
            }
        });
        let result = measure("rate: take_local, beside another thread", |n| {
            let caller = &callers[n % callers.len()];
            black_box(
                limits
                    .take_local(black_box(caller), "write_file", PLENTY)
                    .is_ok(),
            );
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        result
    })
}

/// Scope, gate and rate, as a server asks them for one call. The target is 1 µs.
fn all_together(callers: &[String]) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("seed");
        fs::write(&path, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let groups =
            serde_json::json!({ "shell": { "secret": format!("file:{}", path.display()) } });
        let config: GateConfig = serde_json::from_value(serde_json::json!({ "groups": groups }))?;
        // The code of RFC 6238's example at this second.
        let gates = Gates::new("bench", &config, &["shell"], None, Clock::following(59))
            .map_err(|problems| io::Error::other(format!("{problems:?}")))?;
        let principal = Arc::new(Principal::new(callers[0].as_str(), ScopeSet::All));
        gates
            .unlock(principal.key(), "shell", "287082")
            .await
            .map_err(io::Error::other)?;
        measure_async("gate: pass", async || {
            black_box(
                gates
                    .pass(black_box(principal.key()), "shell")
                    .await
                    .is_ok(),
            )
        })
        .await?;

        let tool = &GATE_PLUGIN.tools()[0];
        let limits = RateLimits::new(CALLERS, None);
        measure_async("scope, gate and rate together", async || {
            let Ok(permit) = authorize(black_box(&principal), tool) else {
                return false;
            };
            drop(black_box(permit));
            gates.pass(principal.key(), "shell").await.is_ok()
                && limits
                    .take(principal.key(), "write_file", PLENTY)
                    .await
                    .is_ok()
        })
        .await
    })
}

async fn measure_async(name: &str, step: impl AsyncFn() -> bool) -> io::Result<()> {
    const EACH: u32 = 2_000;
    let mut samples = Vec::new();
    for _ in 0..101 {
        let start = Instant::now();
        for _ in 0..EACH {
            assert!(step().await, "let through");
        }
        samples.push(start.elapsed());
    }
    samples.sort_unstable();
    let median = samples[samples.len() / 2] / EACH;
    writeln!(io::stdout(), "{name:<44} {:>6} ns", median.as_nanos())
}
