//! The trace that the running call belongs to: for lines of the log, and for whoever calls on to another service.

tokio::task_local! {
    static CURRENT: u128;
}

/// The id of the trace that the running call belongs to, if it is in one. It is known in a tool's function and in the
/// work that it gives to `Blocking`; a task or a thread of the plugin's own does not know it.
pub fn current() -> Option<u128> {
    CURRENT.try_with(|id| *id).ok()
}

/// Runs `work` as part of the trace `id`. For servers.
#[doc(hidden)]
pub fn within<T>(id: u128, work: impl Future<Output = T>) -> impl Future<Output = T> {
    CURRENT.scope(id, work)
}

/// The same for work that does not wait, of the trace `id` or of none. For servers.
#[doc(hidden)]
pub fn at_once<T>(id: Option<u128>, work: impl FnOnce() -> T) -> T {
    match id {
        Some(id) => CURRENT.sync_scope(id, work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_knows_its_trace_on_every_thread_that_it_works_on() {
        assert_eq!(current(), None);
        within(7, async {
            assert_eq!(current(), Some(7));
            let id = current();
            let aside = tokio::task::spawn_blocking(move || at_once(id, current));
            assert_eq!(aside.await.unwrap(), Some(7));
        })
        .await;
        assert_eq!(at_once(None, current), None);
    }
}
