//! A conversation with a server, in the words of whichever era it understands.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{http::Http, kept::Kept, stdio::Child};

/// The revision without a handshake, and the last one with it.
pub(super) const MODERN: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";
/// For an answer.
const PATIENCE: Duration = Duration::from_mins(5);
/// For the first question of an era that the server may not know.
const TRY: Duration = Duration::from_secs(10);
/// Pages of a list; a server that has more repeats itself.
const PAGES: usize = 100;

/// Lines that are looked at between two commands; a server that has more goes on with them.
const AT_ONCE: usize = 1000;

/// Which era to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Era {
    /// The newer one that the server knows.
    #[default]
    Auto,
    /// 2026-07-28: no handshake.
    Modern,
    /// Up to 2025-11-25.
    Legacy,
}

#[derive(Debug)]
pub(super) enum Link {
    Stdio(Child),
    Http(Http),
}

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server says no.
    Refused(Value),
    /// It cannot be spoken to.
    Gone(String),
}

impl Trouble {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Refused(error) => {
                let message = error["message"].as_str().unwrap_or("refused");
                let data = &error["data"];
                let more = if data.is_null() {
                    String::new()
                } else {
                    format!(" {data}")
                };
                format!("{message} ({}){more}", error["code"])
            }
            Self::Gone(why) => why.clone(),
        }
    }
}

pub(super) type Answered = Result<Value, Trouble>;

#[derive(Debug)]
pub(super) struct Session {
    link: Link,
    modern: bool,
    next: u64,
    /// What the server said of itself.
    pub(super) info: Value,
    /// Frames, each with the direction that it went, when they are wanted.
    pub(super) frames: Option<Kept<String>>,
    /// Notifications that nobody has looked at.
    pub(super) notices: Kept<Value>,
}

impl Session {
    /// Begins a conversation.
    pub(super) fn open(link: Link, era: Era, frames: bool) -> Result<Self, String> {
        let mut session = Self {
            link,
            modern: true,
            next: 0,
            info: Value::Null,
            frames: frames.then(Kept::default),
            notices: Kept::default(),
        };
        if era != Era::Legacy {
            match session.request_within("server/discover", json!({}), TRY) {
                Ok(info) => {
                    session.info = info;
                    return Ok(session);
                }
                Err(trouble) if era == Era::Modern => return Err(trouble.text()),
                Err(Trouble::Gone(why)) if matches!(session.link, Link::Http(_)) => {
                    return Err(why);
                }
                // An older server does not know the question.
                Err(_) => {}
            }
        }
        session.modern = false;
        let hello =
            json!({ "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client() });
        session.info = session
            .request("initialize", hello)
            .map_err(|trouble| trouble.text())?;
        session.send(
            &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            "notifications/initialized",
            "",
        )?;
        Ok(session)
    }

    pub(super) fn era(&self) -> &'static str {
        if self.modern { "modern" } else { "legacy" }
    }

    /// All pages of a list. A server without such a list has none.
    pub(super) fn list(&mut self, method: &str, key: &str) -> Result<Vec<Value>, Trouble> {
        let (mut all, mut cursor) = (Vec::new(), Value::Null);
        for _ in 0..PAGES {
            let params = if cursor.is_null() {
                json!({})
            } else {
                json!({ "cursor": cursor })
            };
            let page = match self.request(method, params) {
                Err(Trouble::Refused(error)) if error["code"] == -32601 => break,
                page => page?,
            };
            all.extend(page[key].as_array().cloned().unwrap_or_default());
            cursor = page["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        Ok(all)
    }

    pub(super) fn request(&mut self, method: &str, params: Value) -> Answered {
        self.request_within(method, params, PATIENCE)
    }

    fn request_within(&mut self, method: &str, mut params: Value, patience: Duration) -> Answered {
        if self.modern
            && let Some(params) = params.as_object_mut()
        {
            let meta = params.entry("_meta").or_insert_with(|| json!({}));
            meta["io.modelcontextprotocol/protocolVersion"] = json!(MODERN);
            meta["io.modelcontextprotocol/clientInfo"] = client();
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
        }
        self.next += 1;
        let id = self.next;
        let name = params["name"]
            .as_str()
            .or(params["uri"].as_str())
            .unwrap_or_default()
            .to_owned();
        let frame = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.exchange(&frame, method, &name, patience)
    }

    /// A frame as somebody wrote it; its answer, if it is a request.
    pub(super) fn raw(&mut self, frame: &Value) -> Answered {
        let method = frame["method"].as_str().unwrap_or_default().to_owned();
        let params = &frame["params"];
        let name = params["name"]
            .as_str()
            .or(params["uri"].as_str())
            .unwrap_or_default()
            .to_owned();
        if frame.get("id").is_none() {
            return self
                .send(frame, &method, &name)
                .map(|()| Value::Null)
                .map_err(Trouble::Gone);
        }
        self.exchange(frame, &method, &name, PATIENCE)
    }

    fn exchange(
        &mut self,
        frame: &Value,
        method: &str,
        name: &str,
        patience: Duration,
    ) -> Answered {
        let id = &frame["id"];
        let deadline = Instant::now() + patience;
        self.show('>', &frame.to_string());
        match &mut self.link {
            Link::Http(_) => {
                let answer = self.exchange_http(frame, method, name);
                return match &self.link {
                    Link::Http(server) if answer.is_err() && server.is_interrupted() => {
                        Err(Trouble::Gone("interrupted".to_owned()))
                    }
                    _ => answer,
                };
            }
            Link::Stdio(server) => server.send(&frame.to_string()).map_err(Trouble::Gone)?,
        }
        while let Some(line) = self.receive(deadline).map_err(Trouble::Gone)? {
            if let Some(answer) = self.take(&line, id).map_err(Trouble::Gone)? {
                return answer;
            }
        }
        Err(Trouble::Gone(format!(
            "no answer to {method} within {} seconds",
            patience.as_secs()
        )))
    }

    /// The next frame of a server that writes by itself; `None` after `deadline`.
    fn receive(&mut self, deadline: Instant) -> Result<Option<String>, String> {
        match &mut self.link {
            Link::Stdio(server) => server.receive(deadline),
            Link::Http(_) => Ok(None),
        }
    }

    fn exchange_http(&mut self, frame: &Value, method: &str, name: &str) -> Answered {
        let mut answer = self.post(frame, method, name).map_err(Trouble::Gone)?;
        let status = answer.status;
        let mut said = String::new();
        while let Some(text) = answer.next() {
            match self.take(&text, &frame["id"]) {
                // What is refused before it is understood has no error of the protocol.
                Ok(Some(Err(Trouble::Refused(error)))) if !error.is_object() => said = text,
                Ok(Some(answer)) => return answer,
                Err(why) if status < 400 => return Err(Trouble::Gone(why)),
                Ok(None) | Err(_) => said = text,
            }
        }
        if status < 400 {
            return Err(Trouble::Gone(format!(
                "HTTP status {status} without an answer"
            )));
        }
        let words: Vec<&str> = said.split_whitespace().collect();
        let message: String = words.join(" ").chars().take(300).collect();
        Err(Trouble::Refused(
            json!({ "code": status, "message": format!("HTTP status {status}: {message}") }),
        ))
    }

    fn post(
        &mut self,
        frame: &Value,
        method: &str,
        name: &str,
    ) -> Result<super::http::Answer, String> {
        let version = if self.modern { MODERN } else { LEGACY };
        let mut headers = Vec::new();
        if self.modern {
            headers.push(("Mcp-Method", method));
            if !name.is_empty() && name.is_ascii() {
                headers.push(("Mcp-Name", name));
            }
        }
        // Before the handshake is done there is no version.
        if method != "initialize" {
            headers.push(("MCP-Protocol-Version", version));
        }
        let Link::Http(server) = &mut self.link else {
            return Err("the server is not reached by a URL".to_owned());
        };
        server.post(&frame.to_string(), &headers)
    }

    fn send(&mut self, frame: &Value, method: &str, name: &str) -> Result<(), String> {
        self.show('>', &frame.to_string());
        match &mut self.link {
            Link::Stdio(server) => server.send(&frame.to_string()),
            Link::Http(_) => {
                let mut answer = self.post(frame, method, name)?;
                let status = answer.status;
                let said = answer.next().unwrap_or_default();
                if status < 300 {
                    Ok(())
                } else {
                    Err(format!("HTTP status {status}: {}", said.trim()))
                }
            }
        }
    }

    /// One frame of the server: the answer to `id`, or something else that is dealt with here.
    fn take(&mut self, text: &str, id: &Value) -> Result<Option<Answered>, String> {
        self.show('<', text.trim());
        let frame: Value = serde_json::from_str(text).map_err(|_| {
            format!(
                "what the server writes is no JSON: {}",
                text.trim().chars().take(200).collect::<String>()
            )
        })?;
        if frame.get("method").is_some() {
            match frame.get("id") {
                None => self.notices.push(frame, text.len()),
                Some(question) => {
                    let mut answer = json!({ "jsonrpc": "2.0", "id": question });
                    if frame["method"] == "ping" {
                        answer["result"] = json!({});
                    } else {
                        answer["error"] =
                            json!({ "code": -32601, "message": "this client cannot do that" });
                    }
                    self.send(&answer, "", "")?;
                }
            }
            return Ok(None);
        }
        if let Some(error) = frame.get("error") {
            // A refusal of something that could not be read has no id.
            return Ok((frame["id"] == *id || frame["id"].is_null())
                .then(|| Err(Trouble::Refused(error.clone()))));
        }
        Ok((frame["id"] == *id).then(|| Ok(frame["result"].clone())))
    }

    /// Looks at what came meanwhile.
    pub(super) fn listen(&mut self) {
        for _ in 0..AT_ONCE {
            let Link::Stdio(server) = &mut self.link else {
                return;
            };
            let Some(line) = server.waiting() else {
                return;
            };
            // Nobody waits for an answer now; what is not understood will show at the next one.
            let _dealt = self.take(&line, &Value::Null);
        }
    }

    fn show(&mut self, direction: char, frame: &str) {
        if let Some(frames) = &mut self.frames {
            let line = format!("{direction} {frame}");
            let bytes = line.len();
            frames.push(line, bytes);
        }
    }
}

fn client() -> Value {
    json!({ "name": "mcp-factory", "version": crate::VERSION })
}
