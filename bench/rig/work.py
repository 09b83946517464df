"""Requests, what their answers must be, and the templates that the servers without checks answer with.

A request holds the number 1000000, at least as its id; the load counts on from there (bench/load/src/work.rs).
"""

import http.client
import json
import os

FIRST = 1000000
MODERN, LEGACY = "2026-07-28", "2025-11-25"
TEXT = f"The quick brown fox number {FIRST} jumps over the lazy dog."
FILE_BYTES = 4096


def file_text():
    """4 KiB of text in lines, without anything that JSON must escape but the ends of lines."""
    line = "All work and no play makes a server a dull one, said number %04d."
    text = "\n".join(line % number for number in range(100))
    return text[: FILE_BYTES - 1] + "\n"


def message(method, params, era):
    if era == MODERN:
        params = params | {
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1.0.0"},
                "io.modelcontextprotocol/clientCapabilities": {},
            }
        }
    body = {"jsonrpc": "2.0", "id": FIRST, "method": method, "params": params}
    return json.dumps(body, separators=(",", ":"))


def work(method, params, check, era=MODERN, headers=()):
    """One kind of request, as bench/load reads it."""
    all_headers = [
        ["content-type", "application/json"],
        ["accept", "application/json, text/event-stream"],
        ["mcp-protocol-version", era],
        *headers,
    ]
    if era == MODERN:
        all_headers.append(["mcp-method", method])
        if "name" in params:
            all_headers.append(["mcp-name", params["name"]])
    first = []
    if era == LEGACY:
        hello = {
            "protocolVersion": LEGACY,
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1.0.0"},
        }
        first = [
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
            json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        ]
    return {
        "first": first,
        "headers": all_headers,
        "body": message(method, params, era),
        "check": [["/id", FIRST], *check],
    }


def echo(era=MODERN, headers=(), tool="echo"):
    params = {"name": tool, "arguments": {"text": TEXT}}
    return work("tools/call", params, [["/result/content/0/text", TEXT]], era, headers)


def read_file(path, structured):
    """Ours answers with more than the text, and with the text in a member of its own."""
    place = "/result/structuredContent/content" if structured else "/result/content/0/text"
    params = {"name": "read_text_file", "arguments": {"path": path}}
    return work("tools/call", params, [[place, file_text()]])


def list_tools():
    return work("tools/list", {}, [["/jsonrpc", "2.0"]])


def ask(address, a_work):
    """Sends a work's request once; the body of the answer, as text."""
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request("POST", "/mcp", a_work["body"], dict(a_work["headers"]))
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"bench: {address} answers {response.status}: {body[:300]}")
    return body


def write_templates(folder, address, file):
    """Asks our server, and writes what it answers with marks in the places of what varies."""
    once = lambda text: json.dumps(text, ensure_ascii=False)
    twice = lambda text: once(once(text))[1:-1]
    for name, a_work, text in (
        ("echo", echo(), TEXT),
        ("read_text_file", read_file(file, True), file_text()),
        ("list", list_tools(), None),
    ):
        answer = ask(address, a_work).rstrip("\n")
        if text is not None:
            answer = answer.replace(twice(text), "\x02").replace(once(text), "\x01")
        with open(os.path.join(folder, name), "w", encoding="utf-8") as template:
            template.write(answer.replace(str(FIRST), "\0"))
