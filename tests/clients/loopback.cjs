// Makes every server of this Node.js process listen on 127.0.0.1 only: the emulator names no address, which
// would be all of them.
const { Server } = require("node:net");
const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  if (typeof port !== "number") throw new Error("only ports are expected here");
  const done = rest.find((argument) => typeof argument === "function");
  return listen.call(this, { port, host: "127.0.0.1" }, done);
};
