//! How many connections the process may really hold.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for files, upstream connections and the next `accept`.
const RESERVE: u64 = 256;

/// The number of connections that fit below the descriptor limit, at most
/// `wanted`. The soft limit is raised towards the hard one when it is too low.
pub(crate) fn affordable_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let needed = wanted as u64 + RESERVE;
    let Some(soft) = limit.current.filter(|soft| *soft < needed) else {
        return wanted;
    };
    let raised = limit
        .maximum
        .map_or(needed, |hard| hard.min(needed))
        .max(soft);
    let soft = match setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(raised),
            maximum: limit.maximum,
        },
    ) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    let affordable = fit(soft, wanted);
    if affordable < wanted {
        tracing::warn!(
            descriptors = soft,
            wanted,
            affordable,
            "fewer connections than configured: raise the descriptor limit (ulimit -n)"
        );
    }
    affordable
}

fn fit(descriptors: u64, wanted: usize) -> usize {
    let reserve = RESERVE.min(descriptors / 2);
    usize::try_from(descriptors - reserve)
        .unwrap_or(usize::MAX)
        .clamp(1, wanted.max(1))
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn connections_never_take_the_last_descriptor() {
        assert_eq!(fit(64, 1024), 32);
        assert_eq!(fit(1024, 1024), 768);
        assert_eq!(fit(1280, 1024), 1024);
        assert_eq!(fit(1, 1024), 1);
    }
}
