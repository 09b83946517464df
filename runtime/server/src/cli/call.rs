//! `call`: one tool from the shell, the same way as any client's call.

use std::io::Read;
use std::process::ExitCode;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Product;
use super::output::{Answers, DONE, FAILED, USAGE, complain, pretty};
use super::start::{Door, is_read_only, start};
use crate::config::{Config, Problems};
use crate::executor;
use crate::frame::{Frame, FrameLimits};
use crate::lifecycle::Lifecycle;
use crate::protocol::{Incoming, Protocol};
use crate::registry::Registry;
use crate::stdio;

/// Arguments on the command line or on stdin, at most.
const MAX_ARGUMENTS: u64 = 4 << 20;

pub(super) fn run(
    product: &Product,
    config: &Config,
    tool: &str,
    arguments: Option<&str>,
    json: bool,
) -> ExitCode {
    let registry = Registry::new(product.mounts, is_read_only(product, config));
    if registry.tool(tool).is_none() {
        let meant = registry.nearest_tool(tool, |_| true).map_or_else(
            || "; `describe` lists what it has".to_owned(),
            |name| format!("; did you mean `{name}`?"),
        );
        return complain(&format!("this server has no tool `{tool}`{meant}"), USAGE);
    }
    let request = match read_arguments(arguments) {
        Ok(arguments) => request(tool, &arguments),
        Err(message) => return complain(&message, USAGE),
    };
    let answers = match Answers::reserve() {
        Ok(answers) => answers,
        Err(error) => return complain(&format!("stdout cannot be used: {error}"), FAILED),
    };
    let executor = match executor::build(&config.server) {
        Ok(executor) => executor,
        Err(error) => return complain(&format!("the threads cannot be started: {error}"), USAGE),
    };
    let lifecycle = Lifecycle::default();
    let answered = executor.block_on(async {
        let runtime = start(product, config, Door::Stdio, &lifecycle)
            .await?
            .runtime;
        let answer = exchange(&runtime.protocol, request).await;
        lifecycle.stop();
        runtime.stop().await;
        Ok(answer)
    });
    executor::end(executor);
    match answered {
        Err(problems) => complain(&Problems::to_string(&problems), USAGE),
        Ok(None) => complain("the tool gave no answer", FAILED),
        Ok(Some(answer)) => report(answers, &answer, json),
    }
}

fn read_arguments(arguments: Option<&str>) -> Result<Map<String, Value>, String> {
    let text = match arguments {
        None => return Ok(Map::new()),
        Some("-") => {
            let mut text = String::new();
            let mut input = std::io::stdin().take(MAX_ARGUMENTS);
            input
                .read_to_string(&mut text)
                .map_err(|error| format!("cannot read the arguments from stdin: {error}"))?;
            text
        }
        Some(text) => text.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| {
        format!("the arguments are no JSON object: {error}; write them as one word, such as '{{\"text\": \"hi\"}}'")
    })
}

fn request(tool: &str, arguments: &Map<String, Value>) -> Bytes {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "command line", "version": "1"},
            },
        },
    });
    message.to_string().into()
}

/// Sends one request and waits for its answer; notifications on the way are dropped.
async fn exchange(protocol: &impl Protocol, request: Bytes) -> Option<Value> {
    let limits = FrameLimits {
        max_bytes: usize::MAX,
        ..FrameLimits::default()
    };
    let frame = Frame::parse(request, &limits).ok()?;
    let (inbound, messages) = mpsc::channel(1);
    let (outbound, mut answers) = mpsc::channel(64);
    let slot = stdio::slot(frame.id()?.clone()).await;
    inbound
        .send(Incoming {
            frame,
            slot: Some(slot),
        })
        .await
        .ok()?;
    let connection = protocol.connect(messages, outbound, CancellationToken::new());
    let answer = async {
        while let Some(message) = answers.recv().await {
            let message: Value = serde_json::from_slice(&message).ok()?;
            if message["id"] == 1 && message.get("method").is_none() {
                return Some(message);
            }
        }
        None
    };
    tokio::pin!(connection, answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        () = &mut connection => None,
    }
}

fn report(answers: Answers, answer: &Value, json: bool) -> ExitCode {
    if let Some(error) = answer.get("error") {
        let message = error["message"].as_str().unwrap_or("the call failed");
        return if json {
            answers.print(&pretty(answer), FAILED)
        } else {
            complain(message, FAILED)
        };
    }
    let result = &answer["result"];
    let failed = result["isError"] == true;
    if json {
        return answers.print(&pretty(result), if failed { FAILED } else { DONE });
    }
    let text = text_of(result);
    if failed {
        complain(&text, FAILED)
    } else {
        answers.print(&text, DONE)
    }
}

/// Texts as they are; every other block, and an answer without blocks, as JSON.
fn text_of(result: &Value) -> String {
    let blocks = result["content"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if blocks.is_empty() {
        return pretty(result.get("structuredContent").unwrap_or(result));
    }
    let texts: Vec<String> = blocks
        .iter()
        .map(|block| {
            block["text"]
                .as_str()
                .map_or_else(|| pretty(block), str::to_owned)
        })
        .collect();
    texts.join("\n")
}
