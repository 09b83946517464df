//! Whatever the schedule, no limit lets more through than it says, nor less.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use mcp_factory_guard::{AddressLimits, RateLimits};
use mcp_factory_sdk::Rate;
use proptest::prelude::*;
use tokio::{runtime::Builder, time::Instant};

/// With a clock that only `advance` moves.
fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}

fn rates() -> impl Strategy<Value = Rate> {
    (1_u32..40, 1_u64..5_000)
        .prop_map(|(calls, millis)| Rate::new(calls, Duration::from_millis(millis)))
}

/// Pauses in microseconds, each with a number of calls after it: short and long, idle and dense.
fn schedules() -> impl Strategy<Value = Vec<(u64, u8)>> {
    let pause = prop_oneof![0_u64..2_000, 0_u64..200_000, 0_u64..10_000_000];
    prop::collection::vec((pause, 0_u8..60), 1..60)
}

fn interval(rate: Rate) -> u128 {
    rate.per().as_nanos().div_ceil(u128::from(rate.calls()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn never_more_than_a_burst_and_the_rate(rate in rates(), schedule in schedules()) {
        let admitted: Vec<u128> = in_virtual_time(async {
            let limits = RateLimits::new(100, None);
            let start = Instant::now();
            let mut admitted = Vec::new();
            for (pause, calls) in schedule {
                tokio::time::advance(Duration::from_micros(pause)).await;
                for _ in 0..calls {
                    if limits.take_local("a", "tool", rate).is_ok() {
                        admitted.push(start.elapsed().as_nanos());
                    }
                }
            }
            admitted
        });
        // Every window that begins and ends with a call, and so every window.
        for (first, begin) in admitted.iter().enumerate() {
            for (last, end) in admitted.iter().enumerate().skip(first) {
                let calls = (last - first + 1) as u128;
                let most = u128::from(rate.calls()) + (end - begin) / interval(rate);
                prop_assert!(calls <= most, "{calls} of {most} from {begin} to {end}");
            }
        }
    }

    #[test]
    fn what_is_said_to_help_helps_and_nothing_less(rate in rates(), schedule in schedules()) {
        in_virtual_time(async {
            let limits = RateLimits::new(100, None);
            for (pause, calls) in schedule {
                tokio::time::advance(Duration::from_micros(pause)).await;
                for _ in 0..calls {
                    let Err(exceeded) = limits.take_local("a", "tool", rate) else { continue };
                    let wait = exceeded.retry_after;
                    prop_assert!(wait > Duration::ZERO);
                    prop_assert!(wait.as_nanos() <= interval(rate));
                    let nearly = wait.checked_sub(Duration::from_nanos(1)).expect("not zero");
                    tokio::time::advance(nearly).await;
                    let refused = limits.take_local("a", "tool", rate);
                    prop_assert_eq!(refused.map_err(|exceeded| exceeded.retry_after), Err(Duration::from_nanos(1)));
                    tokio::time::advance(Duration::from_nanos(1)).await;
                    prop_assert_eq!(limits.take_local("a", "tool", rate), Ok(()));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_whole_burst_after_a_rest(rate in rates(), schedule in schedules()) {
        in_virtual_time(async {
            let limits = RateLimits::new(100, None);
            for (pause, calls) in schedule {
                tokio::time::advance(Duration::from_micros(pause)).await;
                for _ in 0..calls {
                    // Let through or not: either is part of the schedule.
                    limits.take_local("a", "tool", rate).ok();
                }
            }
            let rest = u64::try_from(interval(rate)).expect("short") * u64::from(rate.calls());
            tokio::time::advance(Duration::from_nanos(rest)).await;
            for _ in 0..rate.calls() {
                prop_assert_eq!(limits.take_local("a", "tool", rate), Ok(()));
            }
            prop_assert!(limits.take_local("a", "tool", rate).is_err());
            Ok(())
        })?;
    }

    /// Others, however many, change nothing for a caller while there is room.
    #[test]
    fn each_for_itself(rate in rates(), calls in prop::collection::vec(0_usize..50, 1..200)) {
        in_virtual_time(async {
            let limits = RateLimits::new(10_000, None);
            let mut admitted = [0_u32; 50];
            let mut asked = [0_u32; 50];
            for caller in calls {
                asked[caller] += 1;
                let name = caller.to_string();
                admitted[caller] += u32::from(limits.take_local(&name, "tool", rate).is_ok());
            }
            for (asked, admitted) in asked.iter().zip(admitted) {
                prop_assert_eq!(admitted, *asked.min(&rate.calls()));
            }
            Ok(())
        })?;
    }

    #[test]
    fn addresses_count_together_exactly_by_network(one in addresses(), other in addresses()) {
        in_virtual_time(async {
            let limits = AddressLimits::new(100, Some(Rate::new(1, Duration::from_secs(1))));
            prop_assert_eq!(limits.take(one), Ok(()));
            let together = limits.is_exhausted(other).is_some();
            prop_assert_eq!(together, network(one) == network(other));
            prop_assert_eq!(limits.take(other).is_err(), together);
            Ok(())
        })?;
    }
}

/// Few networks and few hosts, so that they meet; IPv4 in both ways of writing it.
fn addresses() -> impl Strategy<Value = IpAddr> {
    let v4 = (0_u8..3, 0_u8..3).prop_map(|(net, host)| Ipv4Addr::new(192, 0, net, host));
    let v6 = (0_u128..3, any::<u64>()).prop_map(|(net, host)| {
        Ipv6Addr::from((0x2001_0db8 << 96) | (net << 64) | u128::from(host))
    });
    prop_oneof![
        v4.clone().prop_map(IpAddr::V4),
        v4.prop_map(|address| IpAddr::V6(address.to_ipv6_mapped())),
        v6.prop_map(IpAddr::V6),
    ]
}

/// What counts as one, said in another way: the text of an address.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => format!("{:x?}", &address.segments()[..4]),
        },
    }
}
