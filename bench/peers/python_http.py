"""The peer over HTTP: an echo tool on the official Python SDK, stateless, with JSON answers."""

from mcp.server import MCPServer

server = MCPServer("peer")


@server.tool()
def echo(text: str) -> str:
    """Returns the text unchanged."""
    return text


server.run("streamable-http", port=0, json_response=True, stateless_http=True)
