"""The Python SDK against a server with the plugins `conformance` and `faults`.

Usage: python_client.py auto|legacy URL|COMMAND [ARGUMENT...]

Prints one JSON object of what the client saw; the test compares it with what it should have seen.
"""

import asyncio
import json
import sys

import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters


async def elicited(context, params):
    return types.ElicitResult(action="accept", content={"username": "ann", "email": "ann@example.com"})


async def cancelled(client):
    """Abandons a call that never ends; returns the counts before the call and some time after."""
    before = (await client.call_tool("counts")).structured_content
    task = asyncio.create_task(client.call_tool("hang"))
    while (await client.call_tool("counts")).structured_content["begun"] == before["begun"]:
        await asyncio.sleep(0.01)
    task.cancel()
    for _ in range(300):
        after = (await client.call_tool("counts")).structured_content
        if after["gone"] == after["begun"]:
            break
        await asyncio.sleep(0.01)
    return [before, after]


async def refusal(call):
    try:
        await call
    except MCPError as error:
        return {"code": error.error.code, "message": error.error.message}
    return None


async def main(era, target):
    server = target[0] if target[0].startswith("http") else StdioServerParameters(command=target[0], args=target[1:])
    seen = {}
    async with Client(server, mode=era, elicitation_callback=elicited) as client:
        seen["protocol"] = client.protocol_version
        seen["server"] = client.server_info.name
        tools = (await client.list_tools()).tools
        seen["tools"] = len(tools)
        simple = await client.call_tool("test_simple_text")
        seen["text"] = [block.text for block in simple.content]
        counts = await client.call_tool("counts")
        seen["structured"] = counts.structured_content
        seen["structured_text"] = counts.content[0].text
        failed = await client.call_tool("test_error_handling")
        seen["tool_error"] = [failed.is_error, failed.content[0].text]
        misnamed = await client.call_tool("wait", {"miliseconds": 1})
        seen["misnamed_argument"] = [misnamed.is_error, misnamed.content[0].text]
        seen["unknown_tool"] = await refusal(client.call_tool("test_simple_txt"))
        elicitation = await client.call_tool("test_elicitation", {"message": "Who are you?"})
        seen["elicited"] = elicitation.content[0].text
        progress = []

        async def on_progress(done, total, message):
            progress.append([done, total])

        await client.call_tool("test_tool_with_progress", progress_callback=on_progress)
        seen["progress"] = progress
        seen["cancelled"] = await cancelled(client)
    json.dump(seen, sys.stdout)


asyncio.run(main(sys.argv[1], sys.argv[2:]))
