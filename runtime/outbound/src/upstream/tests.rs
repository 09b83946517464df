use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use futures_util::future::join_all;
use http::StatusCode;
use tokio::net::TcpSocket;
use tokio::time::timeout;
use url::Url;

use super::*;
use crate::breaker::BreakerSettings;
use crate::error::OutboundError;
use crate::reach::Reach;
use crate::request::Request;
use crate::testing::{Answer, TestServer, reply};

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the service {0}")]
    Halt(#[from] Halt),
    #[error(transparent)]
    Sent(#[from] OutboundError),
}

const READ: Work = Work {
    limit: "all",
    is_repeatable: true,
    deadline: None,
};
const WRITE: Work = Work {
    is_repeatable: false,
    ..READ
};

fn settings() -> UpstreamSettings {
    UpstreamSettings {
        at_once: 32,
        timeout: Duration::from_secs(5),
        wait_max: Duration::from_secs(5),
        faults: Faults::default(),
    }
}

fn once() -> UpstreamSettings {
    UpstreamSettings {
        faults: Faults {
            retries: 0,
            ..Faults::default()
        },
        ..settings()
    }
}

fn upstream(settings: UpstreamSettings) -> Upstream {
    let client = Client::builder(Reach::operator()).build().unwrap();
    Upstream::new("Test", client, settings)
}

/// One call: its status.
async fn call(upstream: &Upstream, work: Work, url: &Url) -> Result<StatusCode, Failure> {
    let response = upstream.call(work, |timeout| async move {
        let request = if work.is_repeatable {
            Request::get(url.clone())
        } else {
            Request::post(url.clone()).body("once")
        };
        let sent = upstream.client().send(request.timeout(timeout)).await;
        match sent {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                let asked = retry::retry_after(response.headers(), std::time::SystemTime::now());
                Said::Later(asked.unwrap_or_default())
            }
            sent => Said::by_status(sent, Failure::Sent),
        }
    });
    response.await.map(|response| response.status())
}

/// A server that answers with these, one after the other, and then with the last.
async fn scripted(answers: Vec<Answer>) -> TestServer {
    let next = AtomicUsize::new(0);
    TestServer::start(move |_| {
        let at = next.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        answers[at].clone()
    })
    .await
}

fn of(status: u16) -> Answer {
    reply(status, "", "canary")
}

fn after(status: u16, seconds: u32) -> Answer {
    reply(status, &format!("Retry-After: {seconds}\r\n"), "canary")
}

fn slow(wait: Duration) -> Answer {
    vec![(wait, of(200).remove(0).1)]
}

#[tokio::test]
async fn what_may_be_done_twice_is_tried_three_times() {
    for status in [500, 502, 503, 504] {
        let server = scripted(vec![of(status), of(status), of(200)]).await;
        let url = server.url("/");
        let answer = call(&upstream(settings()), READ, &url).await;
        assert_eq!(answer.unwrap(), StatusCode::OK);
        assert_eq!(server.seen().len(), 3);
    }
    // The answer of the last try is the answer of the call.
    let server = scripted(vec![of(503)]).await;
    let answer = call(&upstream(settings()), READ, &server.url("/")).await;
    assert_eq!(answer.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.seen().len(), 3);
    // A connection that breaks off in the answer is a fault as well.
    let broken = vec![(Duration::ZERO, b"HTTP/1.1 2".to_vec())];
    let server = scripted(vec![broken, of(200)]).await;
    let answer = call(&upstream(settings()), READ, &server.url("/")).await;
    assert_eq!(answer.unwrap(), StatusCode::OK);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let broken = vec![(Duration::ZERO, b"HTTP/1.1 2".to_vec())];
    let closed = vec![(Duration::ZERO, Vec::new())];
    for first in [of(500), of(503), after(503, 0), broken, closed] {
        let server = scripted(vec![first, of(200)]).await;
        let answer = call(&upstream(settings()), WRITE, &server.url("/")).await;
        assert!(
            answer.map_or(true, |status| status.is_server_error()),
            "the first answer counts"
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn what_was_declined_or_not_received_is_done_after_all() {
    let server = scripted(vec![after(429, 0), of(200)]).await;
    let answer = call(&upstream(settings()), WRITE, &server.url("/")).await;
    assert_eq!(answer.unwrap(), StatusCode::OK);
    assert_eq!(server.seen().len(), 2);
    // Nobody listens yet; then somebody does.
    let (socket, url) = nobody();
    let upstream = upstream(settings());
    let answer = async {
        let answer = call(&upstream, WRITE, &url).await;
        answer.expect("the second or third try")
    };
    let listening = async {
        // Before the first wait can be over: the breaker has counted one failure.
        while upstream.breaker.condition() == (Condition::Closed { failures: 0 }) {
            tokio::task::yield_now().await;
        }
        TestServer::serve(socket.listen(8).unwrap(), None, |_| of(200))
    };
    let (status, server) = tokio::join!(answer, listening);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(server.seen().len(), 1);
}

/// An address where connections are refused, until its socket listens.
fn nobody() -> (TcpSocket, Url) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap());
    (socket, url.parse().unwrap())
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_told_and_not_begun() {
    for answer in [after(429, 60), after(503, 60)] {
        let server = scripted(vec![answer]).await;
        let upstream = upstream(settings());
        let began = Instant::now();
        for _ in 0..2 {
            // The second does not even ask.
            let error = call(&upstream, READ, &server.url("/")).await.unwrap_err();
            let Failure::Halt(Halt::Limited(TooLong { seconds })) = error else {
                panic!("{error:?}");
            };
            assert!((60..=90).contains(&seconds), "{error}");
            assert!(error.to_string().contains("wants a pause of"), "{error}");
        }
        assert_eq!(server.seen().len(), 1);
        assert!(began.elapsed() < Duration::from_secs(4));
    }
    let server = scripted(vec![after(429, 2)]).await;
    let soon = Work {
        deadline: Some(std::time::Instant::now() + Duration::from_secs(1)),
        ..READ
    };
    let error = call(&upstream(settings()), soon, &server.url("/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Failure::Halt(Halt::Limited(_))), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_limit_that_never_ends_is_left_after_three_tries() {
    let server = scripted(vec![after(429, 0)]).await;
    let error = call(&upstream(settings()), READ, &server.url("/")).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, Failure::Halt(Halt::Limited(TooLong { seconds: 1 }))),
        "{error:?}"
    );
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn five_refused_connections_open_the_breaker() {
    let (socket, url) = nobody();
    let upstream = upstream(once());
    for _ in 0..5 {
        let error = call(&upstream, WRITE, &url).await.unwrap_err();
        assert!(
            matches!(error, Failure::Sent(OutboundError::Connect(_))),
            "{error:?}"
        );
    }
    // It would answer now, but is not asked.
    let server = TestServer::serve(socket.listen(8).unwrap(), None, |_| of(200));
    let error = call(&upstream, READ, &url).await.unwrap_err();
    let error = error.to_string();
    let seconds = error
        .strip_prefix(
            "the service failed several times in a row, so it is left alone for now; try again in ",
        )
        .and_then(|rest| rest.strip_suffix(" seconds"))
        .and_then(|seconds| seconds.parse().ok());
    assert!(
        seconds.is_some_and(|seconds: u64| (20..=30).contains(&seconds)),
        "{error}"
    );
    assert_eq!(server.seen().len(), 0);
    let health = upstream.health("refused");
    let trouble = health.trouble().expect("calls would fail");
    assert!(
        trouble.starts_with("Test failed several times in a row; it is asked again in "),
        "{trouble}"
    );
    assert!(health.gauges().contains(&("breaker_open", 1.0)));
}

#[tokio::test]
async fn after_the_pause_one_of_many_tries() {
    let failing = Faults {
        retries: 0,
        breaker: BreakerSettings::new(5, Duration::from_secs(2)),
    };
    let upstream = upstream(UpstreamSettings {
        faults: failing,
        ..settings()
    });
    let mut answers = vec![of(503); 6];
    answers.push(slow(Duration::from_millis(500)));
    answers.push(of(200));
    let server = scripted(answers).await;
    let url = server.url("/");
    let together = || async {
        let answers = join_all((0..20).map(|_| call(&upstream, READ, &url))).await;
        let is_open =
            |answer: &&Result<_, Failure>| matches!(answer, Err(Failure::Halt(Halt::Open(_))));
        let open = answers.iter().filter(is_open).count();
        let good = answers.iter().filter(|answer| answer.is_ok()).count();
        (good, open)
    };
    for _ in 0..5 {
        call(&upstream, READ, &url).await.unwrap();
    }
    assert_eq!(together().await, (0, 20));
    assert_eq!(server.seen().len(), 5);
    // The trial fails: closed for as long again. The next one succeeds, and all may ask.
    for hits in [6, 7] {
        sleep(Duration::from_millis(2_050)).await;
        assert_eq!(upstream.health("").trouble(), None, "a call may try it");
        assert_eq!(together().await, (1, 19));
        assert_eq!(server.seen().len(), hits);
    }
    assert_eq!(together().await, (20, 0));
}

#[tokio::test]
async fn a_service_that_opens_the_breaker_is_not_asked_again_by_the_same_call() {
    let server = scripted(vec![of(503)]).await;
    let upstream = upstream(settings());
    for hits in [3, 5] {
        let answer = call(&upstream, READ, &server.url("/")).await;
        assert_eq!(answer.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(server.seen().len(), hits);
    }
}

#[tokio::test]
async fn refusals_are_no_failures() {
    for status in [400, 401, 403, 404, 409, 422, 501] {
        let server = scripted(vec![of(status)]).await;
        let upstream = upstream(settings());
        for _ in 0..6 {
            let answer = call(&upstream, READ, &server.url("/")).await;
            assert_eq!(answer.unwrap().as_u16(), status);
        }
        assert_eq!(server.seen().len(), 6, "none is tried twice");
        assert_eq!(
            upstream.breaker.condition(),
            Condition::Closed { failures: 0 }
        );
    }
}

#[tokio::test]
async fn silence_counts_only_when_there_was_time_for_an_answer() {
    let server = scripted(vec![slow(Duration::from_mins(1))]).await;
    let url = server.url("/");
    let patient = upstream(settings());
    for _ in 0..6 {
        let soon = std::time::Instant::now() + Duration::from_millis(100);
        let work = Work {
            deadline: Some(soon),
            ..READ
        };
        let error = call(&patient, work, &url).await.unwrap_err();
        assert!(
            matches!(error, Failure::Sent(OutboundError::Timeout)),
            "{error:?}"
        );
        assert!(
            std::time::Instant::now() < soon + Duration::from_secs(2),
            "inside of the call's time"
        );
    }
    assert_eq!(
        patient.breaker.condition(),
        Condition::Closed { failures: 0 }
    );
    let strict = upstream(UpstreamSettings {
        timeout: Duration::from_millis(100),
        ..settings()
    });
    for failures in 1..5 {
        call(&strict, READ, &url).await.unwrap_err();
        assert_eq!(strict.breaker.condition(), Condition::Closed { failures });
    }
    call(&strict, READ, &url).await.unwrap_err();
    assert!(matches!(strict.breaker.condition(), Condition::Open(_)));
}

#[tokio::test]
async fn a_call_that_is_given_up_frees_its_place_and_asks_no_more() {
    for answer in [slow(Duration::from_mins(1)), after(429, 1)] {
        let server = scripted(vec![answer]).await;
        let upstream = upstream(UpstreamSettings {
            at_once: 1,
            ..settings()
        });
        let url = server.url("/");
        let given_up = timeout(Duration::from_millis(300), call(&upstream, READ, &url)).await;
        assert!(given_up.is_err(), "it waits");
        assert_eq!(upstream.in_flight(), 0);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_place_is_not_waited_for_without_end() {
    let server = scripted(vec![slow(Duration::from_mins(1))]).await;
    let url = server.url("/");
    let upstream = Arc::new(upstream(UpstreamSettings {
        at_once: 1,
        ..once()
    }));
    let mut first = Box::pin(call(&upstream, READ, &url));
    assert!(
        timeout(Duration::from_millis(200), &mut first)
            .await
            .is_err()
    );
    assert_eq!(upstream.in_flight(), 1);
    let soon = std::time::Instant::now() + Duration::from_millis(200);
    let work = Work {
        deadline: Some(soon),
        ..READ
    };
    let error = call(&upstream, work, &url).await.unwrap_err();
    assert!(matches!(error, Failure::Halt(Halt::Busy)), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

/// Counts what is logged for operators: warnings, and that it is over.
struct Log(Arc<AtomicUsize>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::INFO && metadata.target().ends_with("upstream")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn an_operator_is_told_of_changes_and_not_of_calls() {
    let lines = Arc::new(AtomicUsize::new(0));
    let _log = tracing::subscriber::set_default(Log(Arc::clone(&lines)));
    let failing = Faults {
        retries: 0,
        breaker: BreakerSettings::new(2, Duration::from_millis(600)),
    };
    let upstream = upstream(UpstreamSettings {
        faults: failing,
        ..settings()
    });
    let server = scripted(vec![of(503), of(503), of(503), of(200)]).await;
    for (calls, expected) in [(1, 0), (10, 1), (10, 1), (10, 2)] {
        for _ in 0..calls {
            call(&upstream, READ, &server.url("/")).await.ok();
        }
        assert_eq!(lines.load(Ordering::SeqCst), expected);
        sleep(Duration::from_millis(650)).await;
    }
}
