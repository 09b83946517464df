//! The management port of a server under test, as probes and scrapers see it.

use std::net::SocketAddr;

use serde_json::Value;

use crate::{Connection, Process, Response, eventually, stdio::SOON};

/// The port.
#[derive(Clone, Copy, Debug)]
pub struct Management(SocketAddr);

impl Management {
    /// The port of a running server, as its log says.
    pub fn of(process: &Process) -> Self {
        let address = eventually(SOON, || {
            let said = process.stderr();
            let (_, rest) = said.split_once("management on http://")?;
            let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:[]".contains(c)))?;
            rest[..end].parse().ok()
        });
        Self(address.unwrap_or_else(|| panic!("no management port: {}", process.stderr())))
    }

    /// Where it listens.
    pub fn address(self) -> SocketAddr {
        self.0
    }

    /// Asks for a page, by this method, with these headers beside `Host` and this body.
    pub fn ask(self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut connection = Connection::open(self.0);
        let host = self.0.to_string();
        let is_given = headers.iter().any(|(name, _)| *name == "host");
        let own = (!is_given).then_some(("host", host.as_str()));
        let all: Vec<_> = own.into_iter().chain(headers.iter().copied()).collect();
        connection.write(method, path, &all, body.as_bytes());
        connection.response()
    }

    /// A page.
    pub fn get(self, path: &str) -> Response {
        self.ask("GET", path, &[], "")
    }

    /// A page of JSON, and its status.
    pub fn json(self, path: &str) -> (u16, Value) {
        let response = self.get(path);
        (response.status, response.json())
    }

    /// The metrics as text.
    pub fn metrics(self) -> String {
        let response = self.get("/metrics");
        assert_eq!(response.status, 200);
        response.text()
    }

    /// The value of the series that is written like this, labels and all.
    pub fn metric(self, series: &str) -> Option<f64> {
        let text = self.metrics();
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }
}
