#!/usr/bin/env python3
"""Measures what tracing costs a call: one server with tracing off and on, in turn, in one run.

  bench/traces.py SERVER [-- ARGUMENTS]     SERVER was built with the features = ["otlp"] and the plugin echo

Prints the server's own CPU per call over HTTP, by the operating system's accounting, with tracing off, with 1 % and
with all calls sampled, and what each costs beyond the first. The collector is in this process: it takes everything.
Medians of all rounds, with their spread; a round is so many calls of each server over one connection.
"""

import argparse
import glob
import http.client
import http.server
import json
import os
import re
import statistics
import subprocess
import threading
import time

KINDS = {"off": None, "1 %": 0.01, "all": 1.0}
HEADERS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "echo",
}


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server:
    """A running server, and how much CPU it has used."""

    def __init__(self, command, sample, collector):
        settings = ['limits.rate="off"', 'limits.address_rate="off"']
        if sample is not None:
            settings += [f'tracing.endpoint="{collector}"', f"tracing.sample={sample}"]
        arguments = [word for setting in settings for word in ("--set", setting)]
        self.process = subprocess.Popen(
            [*command, "--http", "127.0.0.1:0", *arguments], stderr=subprocess.PIPE, text=True
        )
        for line in self.process.stderr:
            found = re.search(r"serving on http://([\d.]+):(\d+)/", line)
            if found:
                break
        else:
            raise SystemExit("the server does not serve")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.connection = http.client.HTTPConnection(found[1], int(found[2]))

    def cpu(self):
        nanoseconds = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as file:
                nanoseconds += int(file.read().split()[0])
        return nanoseconds

    def call(self, number):
        params = {
            "name": "echo",
            "arguments": {"text": f"call {number}"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        }
        request = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        self.connection.request("POST", "/mcp", json.dumps(request), HEADERS)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or f"call {number}".encode() not in body:
            raise SystemExit(f"wrong answer: {answer.status} {body[:300]!r}")

    def round(self, calls):
        before = self.cpu()
        for number in range(calls):
            self.call(number)
        # What was told of the calls is sent within a second, and belongs to them.
        time.sleep(1.5)
        return (self.cpu() - before) / calls / 1_000

    def end(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=3_000, help="of each server in a round")
    options, more = parser.parse_known_args()
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{collector.server_address[1]}"
    command = [os.path.abspath(options.server), *(word for word in more if word != "--")]
    servers = {name: Server(command, sample, url) for name, sample in KINDS.items()}
    try:
        for server in servers.values():
            server.round(options.calls)
        rounds = [
            {name: server.round(options.calls) for name, server in servers.items()}
            for _ in range(options.rounds)
        ]
    finally:
        for server in servers.values():
            server.end()
    print(f"{'tracing':8}{'µs of CPU a call':>18}{'spread':>18}{'beyond off':>12}")
    for name in KINDS:
        costs = [each[name] for each in rounds]
        beyond = statistics.median(each[name] / each["off"] - 1 for each in rounds)
        spread = f"{min(costs):.1f} to {max(costs):.1f}"
        print(f"{name:8}{statistics.median(costs):18.1f}{spread:>18}{beyond:12.1%}")


main()
