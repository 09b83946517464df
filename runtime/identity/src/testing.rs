//! An authorization server for tests: real HTTP on loopback, which counts requests and can be made to fail or hang.

pub(crate) mod keys;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a path is answered with.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// 200 and this body.
    Json(String),
    /// This status and header lines, no body.
    Status(u16, &'static str),
    /// Nothing, for ever.
    Hang,
    /// The connection is closed.
    Close,
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, Answer>,
    seen: Vec<Seen>,
    delay: Duration,
}

/// Listens until the test's runtime ends.
#[derive(Debug, Clone)]
pub(crate) struct TestServer {
    address: String,
    state: Arc<Mutex<State>>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        Self { address, state }
    }

    /// `http://127.0.0.1:port` and `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.lock().answers.insert(path.to_owned(), answer);
    }

    pub(crate) fn json(&self, path: &str, body: &serde_json::Value) {
        self.answer(path, Answer::Json(body.to_string()));
    }

    /// Every answer waits this long, by tokio's clock.
    pub(crate) fn delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// How often `path` was asked for.
    pub(crate) fn hits(&self, path: &str) -> usize {
        self.lock()
            .seen
            .iter()
            .filter(|seen| seen.path == path)
            .count()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse().unwrap());
            bytes.drain(..end + 4);
            break (head, length);
        }
    };
    while bytes.len() < length {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (answer, delay) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.seen.push(Seen {
            path: path.clone(),
            head,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        });
        let answer = state.answers.get(&path).cloned();
        (answer.unwrap_or(Answer::Status(404, "")), state.delay)
    };
    if delay > Duration::ZERO {
        tokio::time::sleep(delay).await;
    }
    let text = match answer {
        Answer::Json(body) => format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
        Answer::Status(status, headers) => {
            format!(
                "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"
            )
        }
        Answer::Hang => {
            // Until the client gives up.
            drop(stream.read_u8().await);
            return;
        }
        Answer::Close => return,
    };
    drop(stream.write_all(text.as_bytes()).await);
}

/// Moves tokio's clock without waiting. The clock is paused only meanwhile: a paused one runs ahead
/// whenever all wait for a socket, and every timeout would fire before its answer.
pub(crate) async fn jump(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}
