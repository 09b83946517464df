"""The peer of the start benchmark: two echo tools on the official Python SDK."""

from mcp.server import MCPServer

server = MCPServer("peer")


@server.tool()
def echo(text: str) -> str:
    """Returns the text unchanged."""
    return text


@server.tool()
def echo_upper(text: str) -> str:
    """Returns the text in capital letters."""
    return text.upper()


server.run()
