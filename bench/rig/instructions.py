"""Instructions and allocations of one call, by callgrind: repeatable on any machine, however busy.

A server runs twice, once with N more calls than the other time; the difference is theirs alone. Allocations are the
calls of malloc and its kin, which only a binary with symbols shows.
"""

import os
import re
import shutil

from .servers import Server, load

CALLS = 1000
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}


def count(cases, with_symbols=None):
    """Of each server; `with_symbols` is our server once more, unstripped."""
    if not shutil.which("valgrind"):
        return []
    commands = {name: cases.http[name] for name in ("bare hyper", "plain rmcp", "ours")}
    if with_symbols:
        commands["ours"] = [with_symbols, *commands["ours"][1:]]
    commands["ours, JWT"] = [commands["ours"][0], *cases.http["ours, JWT"][1:]]
    commands |= {name: command for name, command in cases.http.items() if name.endswith(" tools")}
    found = []
    for name, command in commands.items():
        work_file = cases.file_of("echo", name)
        fewer, more = (_run(cases.folder, command, work_file, calls) for calls in (CALLS, 2 * CALLS))
        found.append(
            {
                "server": name,
                "instructions": round((more[0] - fewer[0]) / CALLS),
                "allocations": round((more[1] - fewer[1]) / CALLS, 1) if more[1] else None,
            }
        )
    return found


def _run(folder, command, work_file, calls):
    out = os.path.join(folder, "callgrind.out")
    watched = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]
    with Server(watched) as server:
        load("http", work_file, server, connections=1, requests=calls, warmup=200, seconds=300)
    with open(out, encoding="utf-8", errors="replace") as file:
        return _read(file)


def _read(lines):
    """All instructions, and the calls of allocators from anywhere."""
    total, allocations, names, called = 0, 0, {}, None
    for line in lines:
        if line.startswith(("summary:", "totals:")):
            total = int(line.split()[1])
        elif line.startswith(("fn=", "cfn=")):
            number, name = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line).groups()
            if name:
                names[number] = name
            if line.startswith("cfn="):
                called = names.get(number)
        elif line.startswith("calls=") and called in ALLOCATORS:
            allocations += int(line[6:].split()[0])
    return total, allocations
