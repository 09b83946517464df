//! Functions that are `async` in name only.

use std::{sync::Arc, time::Instant};

use super::*;

/// How long `stall` holds its thread.
const STALL: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_blocks_its_thread_holds_up_nobody_and_ends_at_its_deadline() {
    let limits = CallLimits {
        concurrency: 3,
        queue_time: Duration::from_millis(10),
        ..CallLimits::default()
    };
    let pipeline = Arc::new(pipeline(ALL, limits).await);
    let began = Instant::now();
    let stalled: Vec<_> = (0..3)
        .map(|_| {
            let pipeline = Arc::clone(&pipeline);
            tokio::spawn(async move { call(&pipeline, "stall").await })
        })
        .collect();
    for stalled in stalled {
        let failure = stalled.await.expect("no panic").expect_err("it is late");
        assert!(format!("{failure:?}").contains("20ms"), "{failure:?}");
    }
    assert!(began.elapsed() < STALL, "the only worker was held up");
    // The threads still work, so the calls still count.
    assert!(matches!(
        call(&pipeline, "wait").await,
        Err(CallFailure::Overloaded)
    ));
}
