"""What is measured: kinds of work, and the servers that do each of them."""

import json
import os

from . import work
from .servers import RATES, RELEASE, ours, program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON_PEERS = {
    "Python SDK": ("target/clients/python/bin/python", "bench/peers/python_http.py"),
    "FastMCP": ("target/bench/fastmcp/bin/python", "bench/peers/fastmcp_http.py"),
}

TRACING = {
    "ours, otlp, off": [],
    "ours, otlp, 1 %": ["--set", "tracing.sample=0.01"],
    "ours, otlp, all": ["--set", "tracing.sample=1.0"],
}
# Spans are sent within a second, and belong to the calls that they tell of.
SPANS_SENT = {"warmup": 1, "settle": 1.5}


class Cases:
    """The commands, the requests and who gets which. `folder` is scratch; `scale_servers` are paths by their number of
    tools; `traced` is the path of a server that can send traces and the address of who takes them."""

    def __init__(self, binary, folder, issuer, scale_servers, traced=None):
        self.folder = folder
        self.binary = binary
        self.file = os.path.join(folder, "file.txt")
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(work.file_text())
        self.templates = os.path.join(folder, "templates")
        os.makedirs(self.templates, exist_ok=True)
        keys = os.path.join(folder, "keys.toml")
        key, digest = api_key()
        with open(keys, "w", encoding="utf-8") as file:
            file.write(f'[[key]]\nname = "bench"\nsha256 = "{digest}"\nscopes = ["read"]\n')
        os.chmod(keys, 0o600)
        with_key = ["--set", 'auth.mode="keys"', "--set", f"auth.keys_file={json.dumps(keys)}"]
        with_token = [
            "--set", 'http.public_url="http://127.0.0.1:8080"',
            "--set", 'auth.mode="jwt"',
            "--set", f"auth.issuer={json.dumps(issuer['issuer'])}",
            "--set", f"auth.jwks_url={json.dumps(issuer['jwks'])}",
        ]
        audit = ["--set", 'audit.to="off"']
        self.http = {
            "bare hyper": [program("bare-hyper"), self.templates],
            "bare axum": [program("bare-axum"), self.templates],
            "plain rmcp": [program("plain-rmcp")],
            "ours": ours(binary, folder),
            "ours, API key": ours(binary, folder, with_key + audit),
            "ours, JWT": ours(binary, folder, with_token + audit),
            "ours, JWT and record": ours(binary, folder, with_token),
        }
        for name, (python, script) in PYTHON_PEERS.items():
            if os.path.exists(os.path.join(ROOT, python)):
                self.http[name] = [os.path.join(ROOT, python), os.path.join(ROOT, script)]
        for count, path in scale_servers.items():
            self.http[f"ours, {count} tools"] = [path, "--http", "127.0.0.1:0", *RATES]
        for name, more in TRACING.items() if traced else ():
            path, collector = traced
            endpoint = ["--set", f"tracing.endpoint={json.dumps(collector)}"] if more else []
            self.http[name] = ours(path, folder, endpoint + more)
        roots = ours(binary, folder)[3:5]
        self.stdio = {
            "raw loop": [program("raw-stdio"), self.templates],
            "plain rmcp": [program("plain-rmcp"), "stdio"],
            "ours": [binary, *roots],
        }
        self.credentials = {
            "ours, API key": ["authorization", f"Bearer {key}"],
            "ours, JWT": ["authorization", f"Bearer {issuer['token']}"],
            "ours, JWT and record": ["authorization", f"Bearer {issuer['token']}"],
        }

    def file_of(self, kind, server="ours", era=work.MODERN):
        """The path of the file that holds a kind of request, for a server."""
        headers = [self.credentials[server]] if server in self.credentials else []
        if kind == "echo":
            tool = "m1_tool_5" if server.endswith(" tools") else "echo"
            a_work = work.echo(era, headers, tool)
        elif kind == "file":
            a_work = work.read_file(self.file, structured=server != "plain rmcp")
        else:
            a_work = work.list_tools()
        path = os.path.join(self.folder, f"{kind}-{era}-{server.replace(' ', '-')}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(a_work, file)
        return path

    def http_rows(self):
        """(title, kind, era, options of the load, servers), one a row of the table."""
        python = [name for name in PYTHON_PEERS if name in self.http]
        tools = [name for name in self.http if name.endswith(" tools")]
        traced = [name for name in TRACING if name in self.http]
        everyone = ["bare hyper", "bare axum", "plain rmcp", "ours", "ours, API key", "ours, JWT"]
        three = ["bare hyper", "plain rmcp", "ours"]
        rows = [
            ("echo, 16 connections", "echo", work.MODERN, {"connections": 16},
             [*everyone, "ours, JWT and record", *python]),
            ("echo, 256 connections", "echo", work.MODERN, {"connections": 256}, everyone),
            ("echo, 16 connections and 1,000 held", "echo", work.MODERN,
             {"connections": 16, "idle": 1000}, three),
            ("echo, revision 2025-11-25, 16 connections", "echo", work.LEGACY, {"connections": 16}, three),
            ("read a file of 4 KiB, 16 connections", "file", work.MODERN, {"connections": 16}, three),
            ("tools/list, 16 connections", "list", work.MODERN, {"connections": 16}, ["bare hyper", "ours"]),
        ]
        if tools:
            rows.append(("echo beside other tools, 16 connections", "echo", work.MODERN,
                         {"connections": 16}, tools))
            rows.append(("tools/list beside other tools, 16 connections", "list", work.MODERN,
                         {"connections": 16, "warmup": 100}, tools))
        if traced:
            rows.append(("echo with traces, 16 connections", "echo", work.MODERN,
                         {"connections": 16} | SPANS_SENT, traced))
        return rows


def api_key():
    """A key, and its SHA-256."""
    import hashlib

    key = os.urandom(32).hex()
    return key, hashlib.sha256(key.encode()).hexdigest()


def built():
    """Whether the rig's programs are there."""
    return os.path.exists(os.path.join(RELEASE, "load"))
