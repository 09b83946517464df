//! What answers is no Redis, or none that serves.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use mcp_factory_guard::{RateLimits, RedisConfig};
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

/// Its first connection is not answered, from the login or from what comes after; every later one is.
async fn first_silent(login: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut silent = true;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut answers: [&[u8]; 2] = [b"+OK\r\n+OK\r\n", b":0\r\n"];
            if std::mem::replace(&mut silent, false) {
                answers[usize::from(!login)..].fill(b"");
            }
            tokio::spawn(async move {
                let mut heard = [0; 4_096];
                while stream.read(&mut heard).await.is_ok_and(|length| length > 0) {
                    stream.write_all(answers[0]).await.ok();
                    answers[0] = answers[1];
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn what_failed_on_an_old_connection_says_nothing_of_the_new() {
    let (log, _guard) = Log::capture();
    let address = first_silent(false).await;
    let limits = Arc::new(replica(&RedisConfig {
        timeout: Duration::from_millis(1_500),
        ..config(&format!("redis://{address}"))
    }));
    let call = |after: u64| {
        let limits = Arc::clone(&limits);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            assert_eq!(admitted(&limits, "a", 1).await, 1);
        })
    };
    // The first fails at 1.5 s, the third connects again at 2.6 s, and then the second fails at 2.9 s.
    let calls = [call(0), call(1_400), call(2_600), call(3_200)];
    for call in calls {
        call.await.expect("let through");
    }
    assert_eq!(log.count("Redis cannot be used"), 1, "{}", log.text());
    assert_eq!(log.count("Redis is back"), 1, "{}", log.text());
}

#[tokio::test]
async fn an_attempt_that_hangs_is_given_up() {
    let (log, _guard) = Log::capture();
    let address = first_silent(true).await;
    let limits = replica(&RedisConfig {
        timeout: Duration::from_millis(100),
        ..config(&format!("redis://{address}"))
    });
    let start = Instant::now();
    for n in 0.. {
        assert_eq!(admitted(&limits, &n.to_string(), 1).await, 1);
        if log.count("Redis is back") == 1 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{}", log.text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(start.elapsed() > Duration::from_secs(2), "it hung, and yet");
    assert_eq!(log.count("it did not answer in time"), 1, "{}", log.text());
}
