//! A server on HTTP, and the bytes that go in and come out.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::{Process, Product, eventually, message, stdio::SOON};

/// A server on a loopback port of its own.
#[derive(Debug)]
pub struct HttpServer {
    /// The process.
    pub process: Process,
    address: SocketAddr,
    /// Where its configuration file is, when it has one; for as long as it runs.
    folder: Option<TempDir>,
}

impl HttpServer {
    /// Starts `product` with more `arguments`, and waits until it serves.
    pub fn start(product: Product, arguments: &[&str]) -> Self {
        let mut command = Command::new(product.binary());
        command.args(arguments);
        Self::run(&mut command, None)
    }

    /// Starts `product` with these settings (`KEY=VALUE`) and with no more descriptors than `limit`.
    pub fn with_descriptors(product: Product, limit: u32, settings: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {limit}; exec \"$@\""), "sh"])
            .arg(product.binary())
            .args(settings.iter().flat_map(|setting| ["--set", setting]));
        Self::run(&mut command, None)
    }

    /// Starts `product` with a configuration file of these words in `folder`, and with these variables. Its
    /// standard output goes to the file `stdout` there.
    pub fn configured(
        product: Product,
        folder: TempDir,
        config: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let path = folder.path().join("config.toml");
        fs::write(&path, config).expect("there is room for a file");
        let mut command = Command::new(product.binary());
        command
            .arg("--config")
            .arg(path)
            .envs(environment.iter().copied());
        Self::run(&mut command, Some(folder))
    }

    /// Where its configuration file is.
    pub fn folder(&self) -> &Path {
        self.folder
            .as_ref()
            .expect("it has a configuration file")
            .path()
    }

    fn run(command: &mut Command, folder: Option<TempDir>) -> Self {
        let stdout = folder.as_ref().map_or_else(Stdio::null, |folder| {
            let file = fs::File::create(folder.path().join("stdout"));
            file.expect("there is room for a file").into()
        });
        // Symbols for traces are read once and kept, which is more memory than the server has.
        command
            .args(["--http", "127.0.0.1:0"])
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(stdout);
        let process = Process::start(command);
        let address = eventually(SOON, || address_in(&process.stderr()));
        let address =
            address.unwrap_or_else(|| panic!("it does not serve; stderr: {}", process.stderr()));
        Self {
            process,
            address,
            folder,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A new connection.
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Sends one request over a connection of its own.
    pub fn post(&self, body: &[u8], headers: &[(&str, &str)]) -> Response {
        let mut connection = self.connect();
        connection.post(body, headers);
        connection.response()
    }

    /// Sends a message of the 2026-07-28 revision, with the headers that it must have.
    pub fn request(&self, request: &Value) -> Response {
        let mut connection = self.connect();
        connection.request(request);
        connection.response()
    }

    /// Calls a tool, in the 2026-07-28 revision; the answer's message.
    pub fn call(&self, tool: &str, arguments: &Value) -> Value {
        self.request(&message::call(1, tool, arguments)).json()
    }

    /// The counts that the plugin `faults` keeps: calls that began, calls that are gone.
    pub fn counts(&self) -> (u64, u64) {
        let counts = self.call("counts", &serde_json::json!({}));
        let count = |name: &str| {
            counts["result"]["structuredContent"][name]
                .as_u64()
                .expect("a count")
        };
        (count("begun"), count("gone"))
    }
}

/// The address in the line that the server writes when it is ready.
fn address_in(stderr: &str) -> Option<SocketAddr> {
    let (_, rest) = stderr.split_once("serving on http://")?;
    rest.split_once("/mcp")?.0.parse().ok()
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Read and not yet used.
    buffer: Vec<u8>,
}

impl Connection {
    /// A connection to any server.
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts connections");
        stream
            .set_read_timeout(Some(SOON))
            .expect("the time is not zero");
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// A connection that takes little at once, so that a server that writes to it without being read is soon
    /// stuck: by default the kernel keeps some megabytes on the way.
    pub fn narrow(address: SocketAddr) -> Self {
        let narrow = || -> io::Result<TcpStream> {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            socket.set_recv_buffer_size(4 << 10)?;
            socket.set_tcp_mss(536)?;
            socket.connect(&address.into())?;
            let stream = TcpStream::from(socket);
            stream.set_read_timeout(Some(SOON))?;
            Ok(stream)
        };
        Self {
            stream: narrow().expect("the server accepts connections"),
            buffer: Vec::new(),
        }
    }

    /// Writes bytes, which may be no request at all.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server reads");
    }

    /// Writes bytes to a server that may have closed the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Writes a POST with what every client of the protocol sends, and `headers`.
    pub fn post(&mut self, body: &[u8], headers: &[(&str, &str)]) {
        let address = self
            .stream
            .peer_addr()
            .expect("it is connected")
            .to_string();
        let common = [
            ("host", address.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        let is_given = |name: &str| {
            headers
                .iter()
                .any(|(given, _)| given.eq_ignore_ascii_case(name))
        };
        let sent: Vec<_> = common
            .into_iter()
            .filter(|(name, _)| !is_given(name))
            .chain(headers.iter().copied())
            .collect();
        self.write("POST", "/mcp", &sent, body);
    }

    /// Writes a request with just these headers and its length.
    pub fn write(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{}content-length: {}\r\n\r\n",
            lines.concat(),
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat());
    }

    /// Writes a message of the 2026-07-28 revision, with the headers that it must have.
    pub fn request(&mut self, request: &Value) {
        self.request_with(request, &[]);
    }

    /// The same with more headers.
    pub fn request_with(&mut self, request: &Value, more: &[(&str, &str)]) {
        let method = request["method"].as_str().expect("a request has a method");
        let params = &request["params"];
        let mut headers = vec![
            ("mcp-protocol-version", message::MODERN),
            ("mcp-method", method),
        ];
        if let Some(name) = params["name"].as_str().or_else(|| params["uri"].as_str()) {
            headers.push(("mcp-name", name));
        }
        headers.extend(more);
        self.post(request.to_string().as_bytes(), &headers);
    }

    /// Reads one response to its end.
    pub fn response(&mut self) -> Response {
        self.try_response().unwrap_or_else(|error| {
            panic!(
                "no response: {error}; so far: {:?}",
                String::from_utf8_lossy(&self.buffer)
            )
        })
    }

    /// Reads the head of a response; its body, a stream, stays unread.
    pub fn head(&mut self) -> Response {
        self.read_head().expect("the head of a response")
    }

    /// Whether the server closes the connection in time; what it said before that does not matter.
    pub fn closed_within(&mut self, limit: Duration) -> bool {
        self.rest_within(limit).1
    }

    /// What the server says until it closes the connection, and whether it did so in time.
    pub fn rest_within(&mut self, limit: Duration) -> (Vec<u8>, bool) {
        let end = Instant::now() + limit;
        let mut said = std::mem::take(&mut self.buffer);
        let mut bytes = [0; 4096];
        loop {
            let left = end
                .saturating_duration_since(Instant::now())
                .max(Duration::from_millis(1));
            self.stream
                .set_read_timeout(Some(left))
                .expect("the time is not zero");
            match self.stream.read(&mut bytes) {
                Ok(0) => return (said, true),
                Ok(count) => said.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return (said, false),
                Err(error) => return (said, error.kind() == io::ErrorKind::ConnectionReset),
            }
        }
    }

    /// Whether `words` come in time, on a stream whose head was read. What came before them is gone.
    pub fn says_within(&mut self, words: &str, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let said = loop {
            let place = self
                .buffer
                .windows(words.len())
                .position(|part| part == words.as_bytes());
            if let Some(place) = place {
                self.buffer.drain(..place + words.len());
                break true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break false;
            }
            self.stream
                .set_read_timeout(Some(left))
                .expect("the time is not zero");
            if self.fill().is_err() {
                break false;
            }
        };
        // What is read next has its own time.
        self.stream
            .set_read_timeout(Some(SOON))
            .expect("the time is not zero");
        said
    }

    /// Says that nothing more will be sent; still reads.
    pub fn finish(&self) {
        self.stream
            .shutdown(Shutdown::Write)
            .expect("it is connected");
    }

    /// Leaves without a word.
    pub fn abandon(self) {
        self.stream.shutdown(Shutdown::Both).ok();
    }

    /// Reads one response to its end.
    pub fn try_response(&mut self) -> io::Result<Response> {
        let mut response = self.read_head()?;
        if response
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
                response.body.extend(self.bytes(size)?);
                self.line()?;
                if size == 0 {
                    return Ok(response);
                }
            }
        }
        let length = response
            .header("content-length")
            .map_or(Ok(0), str::parse)
            .map_err(io::Error::other)?;
        response.body = self.bytes(length)?;
        Ok(response)
    }

    fn read_head(&mut self) -> io::Result<Response> {
        let status_line = self.line()?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status
            .ok_or_else(|| io::Error::other(format!("not a status line: {status_line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                None => {
                    return Ok(Response {
                        status,
                        headers,
                        body: Vec::new(),
                    });
                }
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).map_err(io::Error::other);
            }
            self.fill()?;
        }
    }

    fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            self.fill()?;
        }
        Ok(self.buffer.drain(..count).collect())
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16_384];
        match self.stream.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Ok(())
            }
        }
    }
}

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    /// How often there is such a header, by its name in small letters.
    pub fn header_count(&self, name: &str) -> usize {
        self.headers
            .iter()
            .filter(|(given, _)| given == name)
            .count()
    }

    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body's message: the body itself, or the last event of a stream.
    pub fn json(&self) -> Value {
        let text = self.text();
        let is_stream = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        let json = if is_stream {
            text.lines()
                .filter_map(|line| line.strip_prefix("data: "))
                .next_back()
                .unwrap_or_default()
        } else {
            &text
        };
        serde_json::from_str(json)
            .unwrap_or_else(|error| panic!("{error} in {} {text:?}", self.status))
    }
}
