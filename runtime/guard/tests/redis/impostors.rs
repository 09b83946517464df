//! What answers is no Redis, or none that serves.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use mcp_factory_guard::RateLimits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    log::Log,
    rates::admitted,
    server::{config, replica, secret},
};

/// Hears whatever comes, answers this once, and closes. Counts how often.
async fn answering(answer: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    // Ends with the test's runtime.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut heard = [0; 4_096];
            if stream.read(&mut heard).await.is_ok_and(|length| length > 0) {
                stream.write_all(answer).await.ok();
            }
        }
    });
    (address, accepted)
}

/// Seven calls in two and a half seconds, all let through.
async fn call(limits: &RateLimits) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2_500) {
        assert_eq!(admitted(limits, "a", 1).await, 1);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

#[tokio::test]
async fn closed_as_soon_as_it_is_opened() {
    let (log, _guard) = Log::capture();
    // Logging in succeeds, and nothing after it.
    let (address, accepted) = answering(b"+OK\r\n+OK\r\n").await;
    call(&replica(&config(&format!("redis://{address}")))).await;
    let accepted = accepted.load(Ordering::Relaxed);
    assert!((2..=4).contains(&accepted), "{accepted}: {}", log.text());
    assert_eq!(log.count("Redis cannot be used"), 1, "{}", log.text());
}

#[tokio::test]
async fn a_password_that_is_repeated_is_not_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, _guard) = Log::capture();
    let answers: [&[u8]; 3] = [
        b"-ERR unknown command `AUTH`, with args beginning with: `canary`\r\n",
        b"-canary\r\n",
        b"canary\r\n",
    ];
    for (n, answer) in answers.into_iter().enumerate() {
        let (address, _) = answering(answer).await;
        let path = secret(&folder, &format!("redis://:canary@{address}"));
        let limits = replica(&config(&format!("file:{}", path.display())));
        assert_eq!(admitted(&limits, "a", 20).await, 10);
        assert_eq!(log.count("Redis cannot be used"), n + 1, "{}", log.text());
    }
    assert_eq!(log.count("canary"), 0, "{}", log.text());
}

#[tokio::test]
async fn something_else_that_listens_there() {
    let (log, _guard) = Log::capture();
    let (address, accepted) = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    call(&replica(&config(&format!("redis://{address}")))).await;
    let accepted = accepted.load(Ordering::Relaxed);
    assert!((2..=4).contains(&accepted), "{accepted}: {}", log.text());
    assert_eq!(log.count("Redis cannot be used"), 1, "{}", log.text());
}
