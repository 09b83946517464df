// What the authorization servers of this folder have in common: a port of the loopback interface, and how
// a test talks to the process. One JSON object a line in, one JSON object a line out, in order; the first
// line out says that it is ready. The process ends with its input.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The packages are wherever tests/clients/setup put them, which is not beside this file.
const require = createRequire(`${process.env.MCP_FACTORY_TEST_TOOLS}/package.json`);

export const load = (name) => import(pathToFileURL(require.resolve(name)));

// Standard output belongs to the lines.
console.info = console.log = console.error;

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

// Serves `handle` on a free port and tells `named` its URL. Says `ready(url)`, then answers every line with
// what `commands[line.do](line)` returns. Beside them there are `requests`, `down` and `up`.
export async function service(handle, named, ready, commands) {
    const requests = {};
    let isDown = false;
    const server = createServer((request, response) => {
        const path = request.url.split("?")[0];
        requests[path] = (requests[path] ?? 0) + 1;
        if (isDown) return request.socket.destroy();
        return handle(request, response);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    named(url);
    say(ready(url));
    const all = {
        requests: () => requests,
        down: () => void (isDown = true),
        up: () => void (isDown = false),
        ...commands,
    };
    for await (const line of createInterface({ input: process.stdin })) {
        const command = JSON.parse(line);
        try {
            say((await all[command.do](command)) ?? {});
        } catch (error) {
            say({ error: String(error) });
        }
    }
    process.exit(0);
}
