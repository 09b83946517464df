"""The Python SDK calls tools of a server over stdio, one after the other.

Usage: python_tour.py COMMAND [ARGUMENT...]

Reads a JSON list of [TOOL, ARGUMENTS] from stdin and prints one JSON object: the names of all tools, and
for each call what came back. A text `$N.a.b` in arguments is `a.b` in the structured answer of call N. The
SDK holds every structured answer against the tool's output schema and fails if it does not fit.
"""

import asyncio
import json
import os
import re
import sys

from mcp import Client, StdioServerParameters


def filled(value, answers):
    """`value` with what earlier calls answered put in."""
    if isinstance(value, dict):
        return {key: filled(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, answers) for item in value]
    if isinstance(value, str) and (match := re.fullmatch(r"\$(\d+)((?:\.\w+)+)", value)):
        found = answers[int(match[1])]["structured"]
        for key in match[2][1:].split("."):
            found = found[int(key)] if isinstance(found, list) else found[key]
        return found
    return value


async def main(command):
    calls = json.load(sys.stdin)
    # By itself the SDK hands on a few variables only; settings of these servers name others.
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    answers = []
    async with Client(server) as client:
        names, cursor = [], None
        while True:
            page = await client.list_tools(cursor=cursor)
            names += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                break
        for tool, arguments in calls:
            try:
                result = await client.call_tool(tool, filled(arguments, answers))
            # A refusal of the protocol, or an answer that its own schema does not fit.
            except Exception as error:
                answers.append({"tool": tool, "is_error": True, "text": str(error)[:2000], "structured": None})
                continue
            answers.append({
                "tool": tool,
                "is_error": bool(result.is_error),
                "text": "".join(getattr(block, "text", "") for block in result.content)[:2000],
                "structured": result.structured_content,
            })
    json.dump({"tools": names, "answers": answers}, sys.stdout)


asyncio.run(main(sys.argv[1:]))
