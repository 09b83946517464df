// The TypeScript SDK against a server with the plugins `conformance` and `faults`.
//
// Usage: node typescript_client.mjs client|sdk auto|legacy URL|COMMAND [ARGUMENT...]
//
// `client` is @modelcontextprotocol/client, which speaks both eras; `sdk` is @modelcontextprotocol/sdk,
// which speaks the older one only. Prints one JSON object of what the client saw; the test compares it
// with what it should have seen.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages are wherever tests/clients/setup put them, which is not beside this file.
const require = createRequire(`${process.env.MCP_FACTORY_TEST_TOOLS}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));

const [which, era, target, ...targetArguments] = process.argv.slice(2);
const isSdk = which === "sdk";
const base = isSdk ? "@modelcontextprotocol/sdk" : "@modelcontextprotocol/client";
const { Client } = await load(isSdk ? `${base}/client/index.js` : base);
const { StreamableHTTPClientTransport } = await load(isSdk ? `${base}/client/streamableHttp.js` : base);
const { StdioClientTransport } = await load(isSdk ? `${base}/client/stdio.js` : `${base}/stdio`);

const client = new Client(
    { name: "typescript-client", version: "1.0.0" },
    { capabilities: { elicitation: {} }, ...(isSdk ? {} : { versionNegotiation: { mode: era } }) },
);
const elicit = isSdk ? (await load(`${base}/types.js`)).ElicitRequestSchema : "elicitation/create";
client.setRequestHandler(elicit, async () => ({
    action: "accept",
    content: { username: "ann", email: "ann@example.com" },
}));
const transport = target.startsWith("http")
    ? new StreamableHTTPClientTransport(new URL(target))
    : new StdioClientTransport({ command: target, args: targetArguments, stderr: "inherit" });
// The older SDK tells its transport what was agreed upon, and nobody else.
let negotiated;
if (isSdk) {
    const tell = transport.setProtocolVersion?.bind(transport);
    transport.setProtocolVersion = (version) => {
        negotiated = version;
        tell?.(version);
    };
}
await client.connect(transport);

const call = (name, args, options) =>
    client.callTool({ name, ...(args && { arguments: args }) }, ...(isSdk ? [undefined, options] : [options]));
const counts = async () => (await call("counts")).structuredContent;
const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

// Abandons a call that never ends; returns the counts before the call and some time after.
async function cancelled() {
    const before = await counts();
    const abort = new AbortController();
    const hanging = call("hang", undefined, { signal: abort.signal }).catch(() => "abandoned");
    while ((await counts()).begun === before.begun) await pause();
    abort.abort();
    await hanging;
    let after = await counts();
    for (let round = 0; round < 300 && after.gone !== after.begun; round += 1) {
        await pause();
        after = await counts();
    }
    return [before, after];
}

const seen = {};
seen.protocol = isSdk ? negotiated : client.getNegotiatedProtocolVersion();
seen.server = client.getServerVersion().name;
seen.tools = (await client.listTools()).tools.length;
seen.text = (await call("test_simple_text")).content.map((block) => block.text);
const typed = await call("counts");
seen.structured = typed.structuredContent;
seen.structured_text = typed.content[0].text;
const failed = await call("test_error_handling");
seen.tool_error = [failed.isError, failed.content[0].text];
const misnamed = await call("wait", { miliseconds: 1 });
seen.misnamed_argument = [misnamed.isError, misnamed.content[0].text];
seen.unknown_tool = await call("test_simple_txt").then(
    () => null,
    // The SDK puts its own words before the server's.
    ({ code, message }) => ({ code, message: message.replace(/^MCP error -?\d+: /, "") }),
);
seen.elicited = (await call("test_elicitation", { message: "Who are you?" })).content[0].text;
const progress = [];
await call("test_tool_with_progress", undefined, {
    onprogress: (report) => progress.push([report.progress, report.total]),
});
seen.progress = progress;
seen.cancelled = await cancelled();
await client.close();
process.stdout.write(JSON.stringify(seen));
