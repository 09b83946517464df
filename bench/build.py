#!/usr/bin/env python3
"""How long the factory takes, and how large what it makes is.

Steps, each with wall seconds; `make` is a fresh cache folder unless --home keeps one:

  cold            the first build of fs+echo on this machine: everything is compiled
  no change       the same build again
  other list      plugins built before, in a combination not built before: echo, then fs+echo
  generation      `generate` of fs+echo into an empty folder
  small           fs+echo in the shipping profile (with --small), with its size

usage: bench/build.py [--factory target/release/mcp-factory] [--home DIR] [--runs N] [--small]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time


def timed(command, env):
    """Wall seconds of a command that must succeed."""
    begun = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stderr}")
    return seconds


def row(name, values, note=""):
    values = values if isinstance(values, list) else [values]
    spread = f"  ({min(values):.3f} to {max(values):.3f}, {len(values)} runs)" if len(values) > 1 else ""
    print(f"{name:<34}{statistics.median(values):>9.3f} s{spread}{note}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--factory", default="target/release/mcp-factory")
    parser.add_argument("--home")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    factory = os.path.abspath(arguments.factory)
    with tempfile.TemporaryDirectory() as scratch:
        home = arguments.home or os.path.join(scratch, "home")
        env = {**os.environ, "MCP_FACTORY_HOME": home}

        def build(plugins, *more):
            output = os.path.join(scratch, "server-" + plugins.replace(",", "-"))
            seconds = timed([factory, "build", "--plugins", plugins, "-o", output, *more], env)
            return seconds, output

        print(f"{os.cpu_count()} cores; factory {os.path.getsize(factory) / 2**20:.1f} MiB")
        seconds, output = build("fs,echo")
        row("cold, fs+echo" if not arguments.home else "first, fs+echo", seconds,
            f"  {os.path.getsize(output) / 2**20:.2f} MiB")
        row("no change, fs+echo", [build("fs,echo")[0] for _ in range(arguments.runs)])
        build("echo")
        changed = []
        # Every order is a list of its own: its main.rs is new, its plugins are not.
        for plugins in ["echo,fs", "fs", "greet,echo,fs", "greet,fs", "fs,greet"][: arguments.runs]:
            if "greet" in plugins and not changed[2:]:
                build("greet")
            changed.append(build(plugins)[0])
        row("other list of built plugins", changed)
        generated = []
        for run in range(arguments.runs):
            out = os.path.join(scratch, f"generated-{run}")
            generated.append(timed([factory, "generate", "--plugins", "fs,echo", "--out", out], env))
        row("generation, whole command", generated)
        if arguments.small:
            seconds, output = build("fs,echo", "--profile", "small")
            row("shipping profile, fs+echo", seconds, f"  {os.path.getsize(output) / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
