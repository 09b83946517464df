"""The peer over HTTP: an echo tool on FastMCP, stateless, with JSON answers."""

from fastmcp import FastMCP

server = FastMCP("peer")


@server.tool
def echo(text: str) -> str:
    """Returns the text unchanged."""
    return text


server.run("http", port=0, json_response=True, stateless_http=True, show_banner=False)
