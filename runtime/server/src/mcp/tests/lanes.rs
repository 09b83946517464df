//! Which lane a request takes is nothing that a client can see: the same generated requests down both.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use mcp_factory_sdk::Principal;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use serde_json::Value;

use super::{
    fixture::{KIT, callers, runtime},
    generate::{Case, request},
};
use crate::{
    config::Visibility,
    frame::{Frame, FrameLimits},
    lifecycle::Lifecycle,
    pipeline::Origin,
    protocol::Protocol as _,
    runtime::Runtime,
};

/// What a client sees of an answer.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    retry_after: Option<HeaderValue>,
    kind: Option<HeaderValue>,
    message: Value,
}

/// Requests of one run, and how many of them the fast lane took.
#[derive(Debug, Default)]
struct Tally {
    all: usize,
    taken: usize,
}

/// As many as `LANE_CASES` says, of all tests together.
pub(super) fn cases() -> u32 {
    let cases = std::env::var("LANE_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    cases.unwrap_or(100_000)
}

fn headers(case: &Case) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &case.headers {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).ok()?,
        );
    }
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    let both = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert(header::ACCEPT, both);
    Some(headers)
}

/// The text of an answer without what is made anew for each.
pub(super) fn masked(text: &str) -> String {
    let marks = ["error id ", "\"errorId\":\"", "\"requestState\":\""];
    marks.iter().fold(text.to_owned(), |text, mark| {
        let mut parts = text.split(mark);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |whole, part| {
            let new = |byte: char| byte.is_ascii_alphanumeric() || "-_+/=.".contains(byte);
            whole + mark + "#" + part.trim_start_matches(new)
        })
    })
}

/// The JSON of a body, masked like its text.
pub(super) fn message(body: &[u8]) -> Value {
    let text = masked(&String::from_utf8_lossy(body));
    serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text))
}

/// Sends one request down both lanes. `None` when only one takes it.
async fn both(runtime: &Runtime, principal: &Arc<Principal>, case: &Case) -> Option<(Seen, Seen)> {
    let body = Bytes::from(case.body.clone());
    let frame = Frame::parse(body.clone(), &FrameLimits::default()).ok()?;
    let headers = headers(case)?;
    let origin = Arc::new(Origin::default());
    // Refused before either lane.
    if runtime.lacks(principal, &origin, &frame).is_some() {
        return None;
    }
    let fast = runtime.answer(&headers, &frame, principal, &origin).await?;
    let fast = Seen {
        status: fast.status.as_u16(),
        retry_after: fast.retry_after.map(crate::http::retry_after),
        kind: Some(HeaderValue::from_static("application/json")),
        message: message(&fast.body),
    };

    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static("/mcp");
    *request.headers_mut() = headers;
    let extensions = request.extensions_mut();
    extensions.insert(Arc::clone(principal));
    extensions.insert(origin);
    extensions.insert(Arc::new(frame));
    let response = runtime.handle(request).await;
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .expect("a body that never fails")
        .to_bytes();
    let slow = Seen {
        status: parts.status.as_u16(),
        retry_after: parts.headers.get(header::RETRY_AFTER).cloned(),
        kind: parts.headers.get(header::CONTENT_TYPE).cloned(),
        message: message(&body),
    };
    Some((fast, slow))
}

/// Compares the lanes over a share of the cases, for callers of one kind on servers of both kinds.
fn compare(caller: usize, share: u32) {
    let executor = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("threads");
    let lifecycle = Lifecycle::default();
    let servers = executor.block_on(async {
        [
            runtime(Visibility::Show, true, &lifecycle).await,
            runtime(Visibility::Hide, true, &lifecycle).await,
        ]
    });
    let caller = &callers()[caller];
    let mut runner = TestRunner::new(Config {
        cases: cases() / share,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        source_file: Some(file!()),
        ..Config::default()
    });
    let tally = std::cell::RefCell::new(Tally::default());
    let outcome = runner.run(&(request(KIT), 0..servers.len()), |(case, server)| {
        let seen = executor.block_on(both(&servers[server], caller, &case));
        let mut tally = tally.borrow_mut();
        tally.all += 1;
        if let Some((fast, slow)) = seen {
            tally.taken += 1;
            if fast != slow {
                let message = format!("\nfast {fast:?}\nslow {slow:?}");
                return Err(TestCaseError::fail(message));
            }
        }
        Ok(())
    });
    executor.shutdown_background();
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let tally = tally.into_inner();
    // A comparison of nothing would always succeed. To those who may do nothing few ways are open.
    assert!(tally.taken * 5 > tally.all, "{tally:?}");
}

#[test]
fn both_lanes_give_one_answer_to_those_who_may_do_everything() {
    compare(0, 2);
}

#[test]
fn both_lanes_give_one_answer_to_those_who_may_read() {
    compare(1, 3);
}

#[test]
fn both_lanes_give_one_answer_to_those_who_may_do_nothing() {
    compare(2, 6);
}
