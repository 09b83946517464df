// GitHub as `emulate` plays it, on a free port of the loopback interface.
//
// The program is the argument. Its seed is the first line of stdin; where it listens and what it made up goes to stdout in one line. It ends
// with its stdin, and so with the test.
import net from 'node:net';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// It would listen on every interface.
const listen = net.Server.prototype.listen;
let port;
net.Server.prototype.listen = function (...given) {
  const done = given.find((argument) => typeof argument === 'function');
  this.once('listening', () => { port = this.address().port; });
  return listen.call(this, { port: 0, host: '127.0.0.1' }, done);
};

const { createEmulator } = await import(pathToFileURL(process.argv[2]));

const lines = createInterface({ input: process.stdin });
lines.once('line', async (seed) => {
  const github = await createEmulator({ service: 'github', port: 1, seed: JSON.parse(seed) });
  while (port === undefined) await new Promise((wake) => setTimeout(wake, 5));
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, secrets: github.generatedSecrets ?? [] }));
});
lines.once('close', () => process.exit(0));
