"""Memory of sessions of the older revisions, which a server keeps between requests."""

import http.client
import json

from .servers import Server
from .work import LEGACY

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1.0.0"},
    },
}


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(row.split()[1]) for row in status if row.startswith("VmRSS"))


def held(cases, count):
    """Opens sessions over one connection after the other; KiB of each."""
    more = ["--set", f"http.legacy_sessions={5 * count}"]
    with Server(cases.http["ours"] + more) as server:
        _open(server, 50)
        before = resident_kib(server.pid)
        opened = _open(server, count)
        after = resident_kib(server.pid)
    return {"sessions": opened, "before_kib": before, "held_kib": after, "each_kib": (after - before) / max(opened, 1)}


def _open(server, count):
    ids = set()
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    for _ in range(count):
        connection = http.client.HTTPConnection(server.address, timeout=20)
        connection.request("POST", "/mcp", json.dumps(HELLO), headers)
        response = connection.getresponse()
        response.read()
        ids.add(response.getheader("mcp-session-id"))
        connection.close()
    return len(ids - {None})
