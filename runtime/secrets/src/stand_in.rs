//! A server that plays a store in the tests: over HTTP, with the paths, headers, statuses and bodies of the real one.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// `GET /v1/secret/data/app`.
    pub(crate) request: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What was asked so far.
pub(crate) type Log = Arc<Mutex<Vec<Asked>>>;

/// How many of the requests began so.
pub(crate) fn count(log: &Log, beginning: &str) -> usize {
    let log = log.lock().unwrap();
    log.iter()
        .filter(|asked| asked.request.starts_with(beginning))
        .count()
}

/// Answers each connection with what `answer` makes of its request; the address, and what was asked.
pub(crate) fn stand_in(answer: impl Fn(&Asked) -> (u16, String) + Send + 'static) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let log = Log::default();
    let kept = Arc::clone(&log);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut asked = Asked::default();
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            line.trim_end_matches(" HTTP/1.1\r\n")
                .clone_into(&mut asked.request);
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let Some((name, value)) = header.trim().split_once(':') else {
                    break;
                };
                let name = name.to_ascii_lowercase();
                asked.headers.insert(name, value.trim().to_owned());
            }
            let length = asked.header("content-length").parse().unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            asked.body = String::from_utf8(body).unwrap();
            kept.lock().unwrap().push(asked.clone());
            let (status, body) = answer(&asked);
            let length = body.len();
            // A client that left is its own affair.
            let _sent = write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    (address, log)
}

/// A file with a mode, and its folder, which goes when it is dropped.
pub(crate) fn file(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    (folder, path)
}
