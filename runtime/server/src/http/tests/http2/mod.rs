//! HTTP/2 without TLS, by a client that follows the rules and by bytes that do not.

mod bounds;
mod ending;
mod frames;
mod requests;

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use tokio::task::JoinHandle;

use super::*;

/// A client that follows the rules.
struct Client {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(server: &Server) -> Self {
        Self::with(server, &h2::client::Builder::new()).await
    }

    async fn with(server: &Server, builder: &h2::client::Builder) -> Self {
        let stream = server.connect().await;
        let (requests, connection): (_, Connection<_, Bytes>) =
            builder.handshake(stream).await.unwrap();
        Self {
            requests,
            connection: tokio::spawn(connection),
        }
    }

    /// Sends a message with the usual headers.
    async fn post(&mut self, body: impl Into<String>) -> Answer {
        self.begin(usual(), body)
            .await
            .unwrap()
            .whole()
            .await
            .unwrap()
    }

    /// The same, up to the head of the answer.
    async fn begin(
        &mut self,
        request: http::request::Builder,
        body: impl Into<String>,
    ) -> Result<Head, h2::Error> {
        let (response, mut stream) = self.send(request, false).await?;
        stream.send_data(Bytes::from(body.into()), true)?;
        Head::of(response).await
    }

    async fn send(
        &mut self,
        request: http::request::Builder,
        over: bool,
    ) -> Result<(ResponseFuture, h2::SendStream<Bytes>), h2::Error> {
        std::future::poll_fn(|cx| self.requests.poll_ready(cx)).await?;
        self.requests.send_request(request.body(()).unwrap(), over)
    }

    /// A request without a body.
    async fn ask(&mut self, request: http::request::Builder) -> Answer {
        let (response, _) = self.send(request, true).await.unwrap();
        Head::of(response).await.unwrap().whole().await.unwrap()
    }

    /// Why the server ended the connection; fails when it does not soon.
    async fn ended(self) -> Result<(), h2::Error> {
        let _still_wants = self.requests;
        tokio::time::timeout(Duration::from_secs(6), self.connection)
            .await
            .expect("it ends")
            .unwrap()
    }
}

struct Head {
    status: u16,
    headers: HeaderMap,
    body: RecvStream,
}

impl Head {
    async fn of(response: ResponseFuture) -> Result<Self, h2::Error> {
        let response: Response<RecvStream> = tokio::time::timeout(Duration::from_secs(5), response)
            .await
            .expect("a response in time")?;
        let (parts, body) = response.into_parts();
        Ok(Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    async fn whole(mut self) -> Result<Answer, h2::Error> {
        let mut body = Vec::new();
        while let Some(piece) = self.body.data().await {
            let piece = piece?;
            self.body.flow_control().release_capacity(piece.len())?;
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            status: self.status,
            headers: self.headers,
            body: String::from_utf8(body).unwrap(),
        })
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

fn usual() -> http::request::Builder {
    Request::post("http://localhost/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
}

/// Bounds under which as many may run as one likes.
fn roomy() -> HttpLimits {
    HttpLimits {
        in_flight: 500,
        ..limits()
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// One frame, as its bytes.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block without compression.
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let headers = headers.iter();
    headers
        .flat_map(|(name, value)| [vec![0], text(name), text(value)].concat())
        .collect()
}

/// The head of a POST that never says more.
fn head_of_a_post() -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/mcp"),
        (":authority", "localhost"),
        ("content-type", "application/json"),
    ])
}

/// Says all this, then reads until the server closes: what it said and how long that took.
async fn say(server: &Server, bytes: &[u8]) -> (Vec<u8>, Duration) {
    let mut stream = server.connect().await;
    let began = Instant::now();
    stream.write_all(bytes).await.unwrap();
    let mut heard = Vec::new();
    let reading = stream.read_to_end(&mut heard);
    let closed = tokio::time::timeout(Duration::from_secs(4), reading).await;
    let _closed_or_reset = closed.expect("the server closes");
    (heard, began.elapsed())
}

/// The kinds of frames in these bytes, and the last four bytes of each one's payload as a number.
fn kinds(mut bytes: &[u8]) -> Vec<(u8, u32)> {
    let mut kinds = Vec::new();
    while let [high, middle, low, kind, _, _, _, _, _, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let (payload, rest) = rest.split_at(length.min(rest.len()));
        let last = payload
            .last_chunk()
            .map_or(0, |last| u32::from_be_bytes(*last));
        kinds.push((*kind, last));
        bytes = rest;
    }
    kinds
}
