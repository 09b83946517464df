//! A collector of traces: OTLP over HTTP and gRPC, with the decoder of the OpenTelemetry project.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{Tools, eventually};

/// A running collector. Ends with its test.
#[derive(Debug)]
pub struct Collector {
    child: Child,
    ports: Value,
    spans: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    /// Starts one.
    pub fn start() -> Self {
        let mut command = Tools::installed().python_client("collector.py");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let ports = lines.next().expect("it says its ports").expect("as text");
        let ports = serde_json::from_str(&ports).expect("as JSON");
        let spans = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&spans);
        // Ends with the process.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let span = serde_json::from_str(&line).expect("a span is JSON");
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(span);
            }
        });
        Self {
            child,
            ports,
            spans,
        }
    }

    /// Where it listens for `http` or `grpc`.
    pub fn url(&self, protocol: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports[protocol])
    }

    /// What it was sent.
    pub fn spans(&self) -> Vec<Value> {
        self.spans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The span of this name, as soon as it is there.
    pub fn span(&self, name: &str) -> Value {
        let find = || self.spans().into_iter().find(|span| span["name"] == name);
        let found = eventually(Duration::from_secs(10), find);
        found.unwrap_or_else(|| panic!("no span {name} among {:#?}", self.spans()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
