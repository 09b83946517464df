"""The Python SDK on its way through authorization, against a server with the plugin `guarded`.

Usage: python_dance.py register|desktop URL

`register` registers itself with the authorization server, `desktop` is known there. Prints one JSON object
of what happened; the test compares it with what should have happened.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata

CALLBACK = "http://127.0.0.1:7/callback"


class Storage:
    """What the client keeps, and what it was granted each time."""

    def __init__(self, client_info):
        self.client_info = client_info
        self.tokens = None
        self.granted = []

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens
        self.granted.append(tokens.scope)

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Browser:
    """Follows redirects with its cookies until it is back at the client."""

    def __init__(self):
        self.asked = []
        self.result = None

    async def open(self, url):
        query = parse_qs(urlsplit(url).query)
        self.asked.append([query.get("scope", [None])[0], query.get("resource", [None])[0]])
        async with httpx2.AsyncClient() as http:
            for _ in range(10):
                response = await http.get(url)
                if "location" not in response.headers:
                    raise RuntimeError(f"{response.status_code} at {url}: {response.text}")
                url = str(response.url.join(response.headers["location"]))
                if url.startswith(CALLBACK):
                    answer = parse_qs(urlsplit(url).query)
                    self.result = AuthorizationCodeResult(**{name: answer[name][0] for name in ("code", "state", "iss")})
                    return
        raise RuntimeError("too many redirects")

    async def back(self):
        return self.result


async def main(identity, url):
    metadata = OAuthClientMetadata(
        client_name="dancer",
        redirect_uris=[CALLBACK],
        token_endpoint_auth_method="none",
        grant_types=["authorization_code"],
    )
    known = OAuthClientInformationFull(
        client_id="desktop", redirect_uris=[CALLBACK], token_endpoint_auth_method="none"
    )
    storage, browser = Storage(known if identity == "desktop" else None), Browser()
    auth = OAuthClientProvider(url, metadata, storage, browser.open, browser.back)
    so_far = lambda: [list(browser.asked), list(storage.granted)]
    seen = {}
    async with create_mcp_http_client(auth=auth) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:

            async def call(name):
                return (await client.call_tool(name)).content[0].text

            seen["after_first"] = so_far()
            seen["look"] = await call("look")
            seen["whoami"] = await call("whoami")
            seen["change"] = await call("change")
            seen["after_step_up"] = so_far()
            seen["administer"] = await call("administer")
            seen["after_second_step_up"] = so_far()
    json.dump(seen, sys.stdout)


asyncio.run(main(sys.argv[1], sys.argv[2]))
