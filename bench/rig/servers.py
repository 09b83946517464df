"""Servers on a core of their own: started, waited for, and ended by their process."""

import contextlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = os.path.join(HERE, "load", "target", "release")
SERVER_CORE, LOAD_CORE = 0, 1
SOON = 60


def many_files():
    """Lets this process and its children hold as many files and connections as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def take_priority(nice):
    """Goes before others' work on this machine, if it may: servers and load inherit it."""
    try:
        os.setsid()
    except OSError:
        pass  # a session of its own already
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        with open("/proc/self/autogroup", "w", encoding="ascii") as autogroup:
            autogroup.write(str(nice))
    except OSError:
        return False
    return True


def pinned(core, command):
    """The command on a core of its own, where the machine has two."""
    if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
        command = ["taskset", "-c", str(core), *command]
    return command


def program(name):
    return os.path.join(RELEASE, name)


class Server:
    """A server over HTTP."""

    def __init__(self, command, core=SERVER_CORE):
        self.command = command
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            pinned(core, command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.stderr,
        )
        self.pid = self.process.pid
        self.address = self._address(r"on http://([0-9.]+:\d+)")

    def _said(self):
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def _address(self, pattern):
        end = time.monotonic() + SOON
        while time.monotonic() < end:
            found = re.search(pattern, self._said())
            if found:
                return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.stop()
        raise SystemExit(f"bench: {self.command[0]} does not serve:\n{self._said()[-2000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# Every guard is on; the rates are high because one caller makes all the load.
RATES = [
    "--set", 'limits.rate="1000000/s"',
    "--set", 'limits.address_rate="1000000/s"',
    "--set", "http.max_connections=12000",
]


def ours(binary, folder, more=()):
    """The command of a built server over HTTP, without its binary's own rates."""
    roots = f"plugins.fs.roots=[{json.dumps(folder)}]"
    return [binary, "--http", "127.0.0.1:0", "--set", roots, *RATES, *more]


@contextlib.contextmanager
def issuer(audience):
    """An authorization server, and a token of its own for our server."""
    with _beside_load([program("load"), "issuer", "--audience", audience]) as said:
        yield json.loads(said)


@contextlib.contextmanager
def collector():
    """A collector of traces; its address."""
    with _beside_load([sys.executable, os.path.join(HERE, "rig", "collector.py")]) as said:
        yield said.strip()


@contextlib.contextmanager
def _beside_load(command):
    """A program on the load's core, until it is not needed any more; its first line."""
    process = subprocess.Popen(pinned(LOAD_CORE, command), stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def load(mode, work_file, server=None, **options):
    """Runs the load; its figures. A wrong answer ends the whole run."""
    command = [program("load"), mode, "--work", work_file]
    if server:
        command += ["--address", server.address, "--pid", str(server.pid)]
    program_behind, pin = options.pop("command", None), options.pop("pin", True)
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    if program_behind:
        command += ["--", *(pinned(SERVER_CORE, program_behind) if pin else program_behind)]
    done = subprocess.run(pinned(LOAD_CORE, command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {mode} load failed: {done.stderr}\n{' '.join(command)}")
    return json.loads(done.stdout)
