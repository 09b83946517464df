"""What the rig builds when nobody hands it over: its own programs, our server, and servers of many tools."""

import os
import shutil
import subprocess
import sys

from .cases import ROOT
from .servers import HERE

FOLDER = os.path.join(ROOT, "target", "bench")
TOOLS_EACH, MOUNTS = 10, 100
TOOLS = (TOOLS_EACH, TOOLS_EACH * MOUNTS)


def run(command, folder=ROOT, **more):
    done = subprocess.run(command, cwd=folder, env=os.environ | more, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(command)} failed")


def programs():
    run(["cargo", "build", "--release", "--locked", "--quiet"], os.path.join(HERE, "load"))


def factory(*arguments):
    os.makedirs(FOLDER, exist_ok=True)
    home = os.path.join(FOLDER, "home")
    run(["cargo", "run", "--quiet", "-p", "mcp-factory", "--", *arguments], MCP_FACTORY_HOME=home)


def server():
    """Our server as its users get it."""
    path = os.path.join(FOLDER, "server")
    factory("build", "--quiet", "--plugins", "echo,fs", "-o", path)
    return path


def with_symbols():
    """The same with its symbols, which callgrind needs to count allocations."""
    crate = os.path.join(FOLDER, "symbols")
    factory("generate", "--quiet", "--plugins", "echo,fs", "--name", "bench-symbols", "--out", crate)
    target = os.path.join(FOLDER, "symbols-target")
    run(
        ["cargo", "build", "--release", "--quiet", "--target-dir", target],
        crate,
        CARGO_PROFILE_RELEASE_STRIP="none",
    )
    return os.path.join(target, "release", "bench-symbols")


def traced():
    """Our server with the feature that sends traces, which others do not have."""
    folder = os.path.join(FOLDER, "traced")
    os.makedirs(folder, exist_ok=True)
    manifest = '[server]\nname = "traced"\nversion = "0.1.0"\nfeatures = ["otlp"]\n'
    _write(os.path.join(folder, "mcp-factory.toml"), f"schema = 1\n\n{manifest}\n[plugins.echo]\n\n[plugins.fs]\n")
    path = os.path.join(folder, "server")
    factory("-C", folder, "build", "--quiet", "-o", path)
    return path


def many_tools():
    """Servers of 10 and of 1,000 tools: a plugin of ten, once and a hundred times."""
    found = {}
    for count, mounts in zip(TOOLS, (1, MOUNTS)):
        folder = os.path.join(FOLDER, f"tools-{count}")
        plugin = os.path.join(folder, "plugins", "many")
        os.makedirs(os.path.join(plugin, "src"), exist_ok=True)
        manifest = f'schema = 1\n\n[server]\nname = "tools-{count}"\nversion = "0.1.0"\n'
        for mount in range(1, mounts + 1):
            manifest += f'\n[plugins.m{mount}]\npath = "plugins/many"\nprefix = "m{mount}"\n'
        _write(os.path.join(folder, "mcp-factory.toml"), manifest)
        _write(os.path.join(plugin, "Cargo.toml"), CARGO)
        _write(os.path.join(plugin, "src", "lib.rs"), _plugin())
        path = os.path.join(folder, "server")
        factory("-C", folder, "build", "--quiet", "-o", path)
        found[count] = path
    return found


def fastmcp():
    """FastMCP in an environment of its own."""
    folder = os.path.join(FOLDER, "fastmcp")
    if not os.path.exists(os.path.join(folder, "bin", "fastmcp")):
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", folder])
        pip = os.path.join(folder, "bin", "pip")
        run([pip, "install", "--quiet", "--disable-pip-version-check", "fastmcp==4.1.0"])


def _write(path, text):
    """Only what changed, or cargo would compile it again."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _plugin():
    tools = "".join(TOOL.format(number=number) for number in range(TOOLS_EACH))
    return PLUGIN.format(tools=tools)


CARGO = """[package]
name = "mcp-plugin-many"
version = "0.1.0"
edition = "2024"
publish = false

[dependencies]
mcp-factory-sdk = "0.1.0"
schemars = { version = "1.2", default-features = false, features = ["derive", "std"] }
serde = { version = "1", default-features = false, features = ["derive", "std"] }

[package.metadata.mcp-plugin]
interface = 1

# It lies in the project's folder and is no part of it.
[workspace]
"""

PLUGIN = """//! Ten tools that say things back.

use mcp_factory_sdk::prelude::*;

/// It keeps nothing.
#[derive(Debug, Default)]
pub struct Many;

/// Says things back in ten ways.
#[plugin(name = "many", stateless)]
impl Many {{{tools}}}
"""

TOOL = """
    /// Returns the text unchanged.
    #[tool(scope = "read", title = "Echo", read_only)]
    async fn tool_{number}(
        &self,
        /// The text to return.
        text: String,
    ) -> String {{
        text
    }}
"""
