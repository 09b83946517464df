//! Messages of the protocol, in both eras' words.

use serde_json::{Value, json};

/// The revision whose requests carry everything with them.
pub const MODERN: &str = "2026-07-28";

/// The last revision that begins with `initialize`.
pub const LEGACY: &str = "2025-11-25";

/// A request of the 2026-07-28 revision. `params` is an object.
pub fn modern(id: i64, method: &str, params: &Value) -> Value {
    let mut request = legacy(id, method, params);
    request["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": { "name": "wire", "version": "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    request
}

/// A request of the older revisions. `params` is an object.
pub fn legacy(id: i64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// The handshake's first message.
pub fn initialize(id: i64) -> Value {
    let params = json!({
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": { "name": "wire", "version": "1.0.0" },
    });
    legacy(id, "initialize", &params)
}

/// A call of a tool, in the 2026-07-28 revision.
pub fn call(id: i64, tool: &str, arguments: &Value) -> Value {
    modern(
        id,
        "tools/call",
        &json!({ "name": tool, "arguments": arguments }),
    )
}

/// The text of a tool's answer, which has just one block.
pub fn text(answer: &Value) -> &str {
    let content = answer["result"]["content"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    match content {
        [only] => only["text"]
            .as_str()
            .unwrap_or_else(|| panic!("not a text: {answer}")),
        _ => panic!("not one block: {answer}"),
    }
}
