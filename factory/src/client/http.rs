//! A server that is reached by a URL. curl speaks HTTP and TLS, with the certificates, proxies and settings that the
//! machine has; what it is told stands in its standard input, so no credential is in a list of processes.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{error::plain, interrupt::Interrupt, process::Group};

use super::piped::Piped;

/// For an answer, streamed or not.
const PATIENCE: Duration = Duration::from_mins(5);
/// The largest answer, in bytes.
const MOST: u64 = 64 << 20;

/// Where a server is, and what every request says.
#[derive(Debug)]
pub(super) struct Http {
    url: String,
    headers: Vec<(String, String)>,
    /// Of the older revisions.
    session: Option<String>,
    interrupt: Interrupt,
}

/// An answer that is being read.
pub(super) struct Answer {
    pub(super) status: u16,
    events: bool,
    body: BufReader<std::io::Take<Piped>>,
    // Ended with the answer, whether it was read or not.
    _curl: Group,
}

impl Http {
    pub(super) fn new(url: &str, headers: &[(String, String)], interrupt: &Interrupt) -> Self {
        Self {
            url: url.to_owned(),
            headers: headers.to_vec(),
            session: None,
            interrupt: interrupt.clone(),
        }
    }

    /// Whether we have been asked to stop; what is read of an answer then is not all of it.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.is_set()
    }

    /// Sends a frame with more headers.
    pub(super) fn post(&mut self, frame: &str, more: &[(&str, &str)]) -> Result<Answer, String> {
        if self.interrupt.is_set() {
            return Err("interrupted".to_owned());
        }
        let mut settings = String::new();
        let mut set = |name: &str, value: &str| {
            writeln!(settings, "{name} = {}", quoted(value))
                .expect("writing to a String cannot fail");
        };
        set("url", &self.url);
        set("data-binary", frame);
        set("max-time", &PATIENCE.as_secs().to_string());
        let own = [
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("Expect", ""),
        ];
        let session = self.session.as_deref().map(|id| ("Mcp-Session-Id", id));
        let given = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own
            .into_iter()
            .chain(session)
            .chain(more.iter().copied())
            .chain(given)
        {
            set("header", &format!("{name}: {value}"));
        }
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--show-error",
            "--no-buffer",
            "--include",
            "--proto",
            "=http,https",
            "--config",
            "-",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut curl = Group::spawn_with_stdin(&mut command, Stdio::piped()).map_err(|error| {
            format!(
                "curl does not start: {} (apt-get install curl)",
                plain(&error)
            )
        })?;
        if let Some(mut stdin) = curl.child().stdin.take() {
            // When it does not read, it says why on its stderr.
            let _told = stdin.write_all(settings.as_bytes());
        }
        let stdout = curl.child().stdout.take().ok_or("curl cannot be read")?;
        let mut body = BufReader::new(Piped::new(stdout, &self.interrupt).take(MOST));
        let Some((status, headers)) = head(&mut body) else {
            // It may go on after a head that is none, and its stderr stays open as long.
            curl.kill();
            if self.interrupt.is_set() {
                return Err("interrupted".to_owned());
            }
            let mut said = String::new();
            if let Some(stderr) = curl.child().stderr.take() {
                let _read = stderr.take(4096).read_to_string(&mut said);
            }
            let why = said.trim().trim_start_matches("curl: ").to_owned();
            return Err(if why.is_empty() {
                "it does not answer".to_owned()
            } else {
                why
            });
        };
        let header = |name: &str| {
            headers
                .iter()
                .find(|(there, _)| there == name)
                .map(|(_, value)| value.clone())
        };
        if let Some(id) = header("mcp-session-id") {
            self.session = Some(id);
        }
        let events =
            header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        Ok(Answer {
            status,
            events,
            body,
            _curl: curl,
        })
    }
}

impl Answer {
    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Option<String> {
        if !self.events {
            let mut text = String::new();
            self.body.read_to_string(&mut text).ok()?;
            return (!text.trim().is_empty()).then_some(text);
        }
        let mut data = String::new();
        loop {
            let mut line = String::new();
            if self.body.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() && !data.is_empty() {
                return Some(data);
            }
            if let Some(more) = line.strip_prefix("data:") {
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(more.strip_prefix(' ').unwrap_or(more));
            }
        }
    }
}

/// The last head: those before it are of proxies and of `100 Continue`.
fn head(body: &mut impl std::io::BufRead) -> Option<(u16, Vec<(String, String)>)> {
    loop {
        let mut line = String::new();
        body.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let status: u16 = line.split_whitespace().nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            body.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.to_lowercase(), value.trim().to_owned()));
            }
        }
        if status >= 200 && !(status == 200 && headers.is_empty()) {
            return Some((status, headers));
        }
    }
}

/// A string in curl's file of settings.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_curl_is_told_stays_inside_of_its_quotes() {
        assert_eq!(quoted("a\"b\\c\nurl = x"), "\"a\\\"b\\\\c\\nurl = x\"");
    }

    #[test]
    fn the_heads_of_proxies_are_passed_over() {
        let mut text = "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/2 404 \r\nContent-Type: a\r\n\r\nbody".as_bytes();
        let (status, headers) = head(&mut text).unwrap();
        assert_eq!((status, headers.len()), (404, 1));
        assert_eq!(text, b"body");
    }
}
