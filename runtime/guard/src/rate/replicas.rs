//! The rate that all replicas enforce together: the same arithmetic, run by Redis on its own clock.

use std::time::Duration;

use mcp_factory_sdk::Rate;

use super::{Exceeded, charge::interval};
use crate::{Shared, shared::Script};

/// GCRA in microseconds. KEYS: the row. ARGV: time between two calls, calls at once.
/// Answers 0 when the call is let through, else how long until the next would be.
///
/// The row is gone when it says nothing any more. A row from the future (Redis' clock was set back) is
/// taken for a burst used up, so that nobody is refused for longer than that.
static TAKE: Script = Script::new(
    r"
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local interval = tonumber(ARGV[1])
    local burst = interval * tonumber(ARGV[2])
    local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now) or now, now)
    full_at = math.min(full_at, now + burst)
    local next_full_at = full_at + interval
    local wait = next_full_at - burst - now
    if wait > 0 then
        return math.ceil(wait)
    end
    local keep = math.ceil((next_full_at - now) / 1000)
    redis.call('SET', KEYS[1], string.format('%.3f', next_full_at), 'PX', keep)
    return 0
    ",
);

/// Counts one call in Redis. While Redis does not answer, everything is let through.
pub(super) async fn take(
    shared: &Shared,
    caller: &str,
    name: &str,
    rate: Rate,
) -> Result<(), Exceeded> {
    let interval = microseconds(interval(rate));
    let calls = rate.calls().to_string();
    let parts = [caller, name, interval.as_str(), calls.as_str()].map(str::as_bytes);
    let key = shared.key("rate", &parts);
    let wait: Result<u64, _> = shared.run(&TAKE, &[&key], &[&interval, &calls]).await;
    match wait {
        Ok(0) | Err(_) => Ok(()),
        Ok(micros) => Err(Exceeded {
            retry_after: Duration::from_micros(micros),
        }),
    }
}

/// With its fraction. Nothing shorter than one: Redis answers no single caller more often than that.
fn microseconds(interval: Duration) -> String {
    let nanos = interval.as_nanos().max(1_000);
    format!("{}.{:03}", nanos / 1_000, nanos % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_told_in_full() {
        for (nanos, text) in [
            (1, "1.000"),
            (1_000, "1.000"),
            (333_333_334, "333333.334"),
            (86_400_000_000_005, "86400000000.005"),
        ] {
            assert_eq!(microseconds(Duration::from_nanos(nanos)), text);
        }
    }
}
