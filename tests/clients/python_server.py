"""A server that others made, for trying a client: the official Python SDK, on stdio, or on HTTP with a port."""

import sys

from mcp.server import MCPServer

server = MCPServer("theirs")


@server.tool()
def add(a: int, b: int) -> str:
    """Adds two numbers."""
    return str(a + b)


@server.resource("note://one")
def one() -> str:
    """A note."""
    return "read me"


if len(sys.argv) > 1:
    server.run(transport="streamable-http", port=int(sys.argv[1]))
else:
    server.run()
