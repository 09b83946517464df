"""Stand-ins for the services that no emulator plays, for the tour of all tools: one question, one answer.

Usage: services.py
       services.py --inside CERTIFICATE KEY COMMAND [ARGUMENT...]   as root of a network namespace

Listens on loopback and prints the port. `/page` is a web page, `/v1/chat/completions` a language model, and
`/notion/` has one page with one block, one data source and one user. How the plugins fare with services
that misbehave is tested beside the plugins; here it is only about what a client sees of good answers.
"""

import http.server
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading

PAGE = "11111111-1111-1111-1111-111111111111"
SOURCE = "22222222-2222-2222-2222-222222222222"
DATABASE = "33333333-3333-3333-3333-333333333333"
USER = {"object": "user", "id": "44444444-4444-4444-4444-444444444444", "type": "person", "name": "Ann", "person": {}}
TIME = "2026-01-01T00:00:00.000Z"


def text(words):
    return [{"type": "text", "plain_text": words, "text": {"content": words, "link": None}, "annotations": {}, "href": None}]


def page(id=PAGE, parent=None):
    return {
        "object": "page", "id": id, "created_time": TIME, "last_edited_time": TIME, "in_trash": False,
        "archived": False, "url": f"https://www.notion.so/{id}",
        "parent": parent or {"type": "workspace", "workspace": True},
        "properties": {"title": {"id": "title", "type": "title", "title": text("Home")}},
    }


def block(number):
    return {
        "object": "block", "id": f"55555555-5555-5555-5555-{number:012}", "type": "paragraph", "has_children": False,
        "created_time": TIME, "last_edited_time": TIME, "in_trash": False, "archived": False,
        "parent": {"type": "page_id", "page_id": PAGE}, "paragraph": {"rich_text": text("words"), "color": "default"},
    }


def source():
    return {
        "object": "data_source", "id": SOURCE, "title": text("Tasks"), "url": "", "in_trash": False, "archived": False,
        "created_time": TIME, "last_edited_time": TIME,
        "parent": {"type": "database_id", "database_id": DATABASE}, "database_parent": {"type": "page_id", "page_id": PAGE},
        "properties": {"Name": {"id": "title", "name": "Name", "type": "title", "title": {}}},
    }


def listed(*results):
    return {"object": "list", "results": list(results), "next_cursor": None, "has_more": False}


def notion(method, path):
    """What Notion answers."""
    match [method, *path.split("?")[0].strip("/").split("/")[2:]]:
        case ["POST", "search"]:
            return listed(page(), source())
        case ["GET", "users"]:
            return listed(USER)
        case [_, "pages"]:
            return page("66666666-6666-6666-6666-666666666666", {"type": "page_id", "page_id": PAGE})
        case [_, "pages", id, *_]:
            return page(id)
        case ["GET", "blocks", _, "children"]:
            return listed(block(1))
        case ["PATCH", "blocks", _, "children"]:
            return listed(block(2))
        case ["GET", "blocks", _]:
            return block(1)
        case ["POST", "data_sources", _, "query"]:
            return listed(page("77777777-7777-7777-7777-777777777777", {"type": "data_source_id", "data_source_id": SOURCE}))
        case ["GET", "data_sources", _]:
            return source()
    return None


def engine(body):
    """What a model answers: a label where labels are asked for, or else words."""
    words = json.dumps(body)
    answer = "apple" if "apple" in words else "A short answer."
    choice = {"index": 0, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    base = {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "usage": usage}
    if not body.get("stream"):
        return json.dumps(base | {"choices": [choice | {"message": {"role": "assistant", "content": answer}}]}), "application/json"
    delta = {"index": 0, "delta": {"role": "assistant", "content": answer}, "finish_reason": None}
    events = [{"choices": [delta]}, {"choices": [choice | {"delta": {}}]}, {"choices": [], "usage": usage}]
    chunks = [base | {"object": "chat.completion.chunk", "usage": None} | event for event in events]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n", "text/event-stream"


class Services(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        status, kind, content = 200, "application/json", ""
        if self.path == "/page":
            kind, content = "text/html", "<html><head><title>T</title></head><body><h1>Title</h1><p>Words.</p></body></html>"
        elif self.path.endswith("/chat/completions"):
            content, kind = engine(body)
        elif self.path.startswith("/notion/") and (found := notion(self.command, self.path)):
            content = json.dumps(found)
        else:
            status = 404
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content.encode())))
        self.end_headers()
        self.wfile.write(content.encode())

    do_GET = do_POST = do_PATCH = answer

    def log_message(self, *_):
        pass


def resolver():
    """Answers every question for an address with 127.0.0.1, on the usual port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, peer = server.recvfrom(512)
        end = query.index(b"\0", 12) + 5
        kind = struct.unpack(">H", query[end - 4:end - 2])[0]
        reply = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(kind == 1), 0, 0) + query[12:end]
        if kind == 1:
            reply += struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        server.sendto(reply, peer)


def inside(certificate, key, command):
    """In a network of their own: names lead here, and https is spoken. Ends with the command."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    threading.Thread(target=resolver, daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Services)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return subprocess.run(command).returncode


if sys.argv[1:2] == ["--inside"]:
    sys.exit(inside(sys.argv[2], sys.argv[3], sys.argv[4:]))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
print(server.server_address[1], flush=True)
server.serve_forever()
