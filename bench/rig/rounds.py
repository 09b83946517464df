"""Interleaved rounds: each server in turn, over and over, so that a busy machine slows all of them."""

import statistics
import sys

from . import work
from .servers import Server, load

SLOW = ("Python SDK", "FastMCP")
FIGURES = ("cpu_us", "rate", "mean_us", "p50_us", "p99_us", "rss_kib", "first_answer_ms")


def note(text):
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


def median_of(title, server, runs):
    """One row of the results; the spread is that of the CPU time."""
    row = {"work": title, "server": server, "rounds": len(runs)}
    for figure in FIGURES:
        values = [run[figure] for run in runs if figure in run]
        if values:
            row[figure] = statistics.median(values)
    cpu = [run["cpu_us"] for run in runs]
    row["cpu_us_range"] = [min(cpu), max(cpu)]
    return row


def http(cases, rounds, seconds):
    """All rows over HTTP. All servers are up the whole time; one at a time has work."""
    wanted = {name for row in cases.http_rows() for name in row[4]}
    servers, found = {}, {}
    try:
        for name, command in cases.http.items():
            if name in wanted:
                servers[name] = Server(command)
        work.write_templates(cases.templates, servers["ours"].address, cases.file)
        for name in ("bare hyper", "bare axum"):
            servers[name].stop()
            servers[name] = Server(cases.http[name])
        for turn in range(rounds):
            note(f"HTTP, round {turn + 1} of {rounds}")
            for title, kind, era, options, names in cases.http_rows():
                for name in names:
                    slow = name in SLOW
                    if slow and turn >= 3:
                        continue
                    how = {"seconds": seconds, "warmup": 100 if slow else 3000} | options
                    if turn == 0 and how["warmup"] == 1:
                        load("http", cases.file_of(kind, name, era), servers[name], **how)
                    run = load("http", cases.file_of(kind, name, era), servers[name], **how)
                    found.setdefault((title, name), []).append(run)
    finally:
        for server in servers.values():
            server.stop()
    return [median_of(title, name, runs) for (title, name), runs in found.items()]


def stdio(cases, rounds, seconds):
    """Pipelined, and one at a time."""
    found = {}
    for turn in range(rounds):
        note(f"stdio, round {turn + 1} of {rounds}")
        for title, window in (("stdio, 100 on their way", 100), ("stdio, one at a time", 1)):
            for name, command in cases.stdio.items():
                run = load(
                    "stdio", cases.file_of("echo"), None,
                    command=command, window=window, seconds=seconds, warmup=500,
                )
                del run["first_answer_ms"]
                found.setdefault((title, name), []).append(run)
    return [median_of(title, name, runs) for (title, name), runs in found.items()]


def starts(cases, runs):
    """From spawn to the first answer on stdio, and idle memory, each server in turn."""
    found = {}
    for _ in range(runs):
        for name, command in cases.stdio.items():
            run = load(
                "stdio", cases.file_of("echo"), None,
                command=command, pin=False, window=1, requests=1, warmup=1,
            )
            found.setdefault(name, []).append(run)
    return [
        {
            "server": name,
            "first_answer_ms": statistics.median(run["first_answer_ms"] for run in all_runs),
            "rss_kib": statistics.median(run["rss_kib"] for run in all_runs),
        }
        for name, all_runs in found.items()
    ]


def held(cases, count):
    """Memory of idle connections, each of which sent one request."""
    found = []
    for name in ("bare hyper", "plain rmcp", "ours"):
        note(f"{count} connections held by {name}")
        with Server(cases.http[name]) as server:
            run = load(
                "http", cases.file_of("echo", name), server,
                connections=1, idle=count, requests=200, warmup=10,
            )
        found.append(
            {
                "server": name,
                "connections": count,
                "before_kib": run["rss_before_kib"],
                "held_kib": run["rss_idle_kib"],
                "each_kib": (run["rss_idle_kib"] - run["rss_before_kib"]) / count,
            }
        )
    return found
