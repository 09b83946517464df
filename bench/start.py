#!/usr/bin/env python3
"""How fast a built server starts, and how much memory it holds while idle.

Each server is started over and over, in turn with its peers so that a busy machine slows all of them,
and asked for its tools over stdio. Printed are medians and the spread:

  start   from before the process is spawned until its first answer has been read, in milliseconds
  idle    resident memory (VmRSS) one second after that answer, in MiB

usage: bench/start.py [--runs N] NAME=COMMAND [NAME=COMMAND ...]

  bench/start.py ours=./files 'python sdk=target/clients/venv/bin/python bench/peers/python_sdk.py'

A COMMAND is split as a shell would. It must speak the Model Context Protocol on stdio.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time

ASK = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}


def start_once(command, settle):
    """Seconds to the first answer, and resident KiB after `settle` seconds."""
    line = (json.dumps(ASK) + "\n").encode()
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        process.stdin.write(line)
        process.stdin.flush()
        answer = process.stdout.readline()
        seconds = time.perf_counter() - begun
        if not answer:
            sys.exit(f"{shlex.join(command)} ended without an answer")
        result = json.loads(answer)
        if "result" not in result:
            sys.exit(f"{command[0]} answered {answer[:200]!r}")
        resident = 0
        if settle:
            time.sleep(settle)
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                resident = next(int(row.split()[1]) for row in status if row.startswith("VmRSS"))
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return seconds, resident


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("servers", nargs="+", metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    servers = {}
    for server in arguments.servers:
        name, _, command = server.partition("=")
        servers[name] = shlex.split(command)
    starts = {name: [] for name in servers}
    idle = {name: [] for name in servers}
    for command in servers.values():
        start_once(command, 0)  # once to warm the page cache
    for run in range(arguments.runs):
        for name, command in servers.items():
            settle = 1.0 if run < 3 else 0
            seconds, resident = start_once(command, settle)
            starts[name].append(seconds * 1000)
            if resident:
                idle[name].append(resident / 1024)
    print(f"{os.cpu_count()} cores, {arguments.runs} starts each, in turn")
    print(f"{'server':<24}{'start ms: median':>18}{'min':>8}{'max':>8}{'idle MiB':>10}{'vs first':>10}")
    first = statistics.median(next(iter(starts.values())))
    for name, values in starts.items():
        median = statistics.median(values)
        print(
            f"{name:<24}{median:>18.2f}{min(values):>8.2f}{max(values):>8.2f}"
            f"{statistics.median(idle[name]):>10.1f}{median / first:>9.1f}x"
        )


if __name__ == "__main__":
    main()
