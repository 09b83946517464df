// The TypeScript SDK on its way through authorization, against a server with the plugin `guarded`.
//
// Usage: node typescript_dance.mjs client|sdk register|desktop URL
//
// `client` is @modelcontextprotocol/client, `sdk` is @modelcontextprotocol/sdk. `register` registers
// itself with the authorization server, `desktop` is known there. Prints one JSON object of what happened;
// the test compares it with what should have happened.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages are wherever tests/clients/setup put them, which is not beside this file.
const require = createRequire(`${process.env.MCP_FACTORY_TEST_TOOLS}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));

const [which, identity, target] = process.argv.slice(2);
const isSdk = which === "sdk";
const base = isSdk ? "@modelcontextprotocol/sdk" : "@modelcontextprotocol/client";
const { Client } = await load(isSdk ? `${base}/client/index.js` : base);
const { StreamableHTTPClientTransport } = await load(isSdk ? `${base}/client/streamableHttp.js` : base);
const { UnauthorizedError } = await load(isSdk ? `${base}/client/auth.js` : base);

const CALLBACK = "http://127.0.0.1:7/callback";

// What a browser does: follows redirects with its cookies until it is back at the client.
async function browse(url) {
    const cookies = new Map();
    for (let hop = 0; hop < 10; hop += 1) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const response = await fetch(url, { redirect: "manual", headers: { cookie } });
        for (const line of response.headers.getSetCookie()) {
            const [name, ...value] = line.split(";")[0].split("=");
            cookies.set(name, value.join("="));
        }
        const location = response.headers.get("location");
        if (!location) throw new Error(`${response.status} at ${url}: ${await response.text()}`);
        url = new URL(location, url);
        if (url.href.startsWith(CALLBACK)) return url.searchParams;
    }
    throw new Error("too many redirects");
}

// The scopes and the resource that the client asked the person for, each time, and the scopes it got.
const asked = [];
const granted = [];
let known = identity === "desktop" ? { client_id: "desktop" } : undefined;
let tokens;
let verifier;
let callback;
const authProvider = {
    redirectUrl: CALLBACK,
    clientMetadata: {
        client_name: "dancer",
        redirect_uris: [CALLBACK],
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        response_types: ["code"],
    },
    state: () => "a state",
    clientInformation: () => known,
    saveClientInformation: (information) => void (known = information),
    tokens: () => tokens,
    saveTokens: (fresh) => {
        tokens = fresh;
        granted.push(fresh.scope);
    },
    codeVerifier: () => verifier,
    saveCodeVerifier: (fresh) => void (verifier = fresh),
    redirectToAuthorization: async (url) => {
        asked.push([url.searchParams.get("scope"), url.searchParams.get("resource")]);
        callback = await browse(url);
    },
};

// Does `step` with a connected client, and once more after the person has consented.
let client;
let transport;
async function connected() {
    // What the last one still listens to would keep this process alive.
    await client?.close();
    client = new Client({ name: "typescript-dance", version: "1.0.0" });
    transport = new StreamableHTTPClientTransport(new URL(target), { authProvider });
    await client.connect(transport);
}
async function authorized(step) {
    try {
        return await step();
    } catch (error) {
        if (!(error instanceof UnauthorizedError)) throw error;
        await transport.finishAuth(isSdk ? callback.get("code") : callback);
        if (step !== connected) await connected();
        return await step();
    }
}
const text = (result) => result.content[0].text;
const call = (name) => async () => text(await client.callTool({ name }));

const seen = {};
await authorized(connected);
seen.after_first = [[...asked], [...granted]];
seen.look = await authorized(call("look"));
seen.whoami = await authorized(call("whoami"));
seen.change = await authorized(call("change"));
seen.after_step_up = [[...asked], [...granted]];
seen.administer = await authorized(call("administer"));
seen.after_second_step_up = [[...asked], [...granted]];
await client.close();
process.stdout.write(JSON.stringify(seen));
