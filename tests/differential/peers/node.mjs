// Node's HTTP server over memory: reads streams, one a line, and says what its parser made of each.
// The lines are described in src/parsers/child.rs.

import http from "node:http";
import readline from "node:readline";
import { Duplex } from "node:stream";

const hex = (text, encoding) => Buffer.from(text, encoding).toString("hex") || "-";

// The server as it is by default, but for the limit of a head and the clocks, which would outlive a stream.
const server = http.createServer({
  connectionsCheckingInterval: 2 ** 30,
  keepAliveTimeout: 0,
  maxHeaderSize: 256 * 1024,
  requestTimeout: 0,
});

class Client extends Duplex {
  requests = []; // In the order of their heads.
  end_ = null;
  written = "";
  events = 0;

  _read() {}

  _write(bytes, _, done) {
    this.written += bytes.toString("latin1");
    this.events += 1;
    done();
  }

  refuse(status, reason) {
    this.end_ ??= `refused ${status} ${hex(reason)}`;
    this.events += 1;
  }

  note(request) {
    this.events += 1;
    const noted = { method: request.method, url: request.url, body: [], isComplete: false };
    this.requests.push(noted);
    return noted;
  }
}

server.on("request", (request, response) => {
  const client = request.socket;
  const noted = client.note(request);
  request.on("data", (bytes) => {
    client.events += 1;
    noted.body.push(bytes);
  });
  request.on("end", () => {
    client.events += 1;
    noted.isComplete = request.complete;
    response.writeHead(200, { "Content-Length": 0 }).end();
  });
  request.on("error", () => {});
});

server.on("connect", (request, client) => {
  client.note(request).isComplete = true;
  client.end_ ??= "closed";
});

server.on("checkExpectation", (request) => {
  // Never complete, so that nothing behind it counts.
  request.socket.note(request);
  request.socket.refuse(417, "expectation");
});

server.on("clientError", (error, client) => {
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  client.refuse(status, `${error.code} ${error.reason ?? error.message}`);
});

// Everything is in memory: once several turns of the event loop have brought nothing new, nothing will come.
const QUIET_TURNS = 4;

async function read(stream) {
  const client = new Client();
  client.on("error", () => {});
  server.emit("connection", client);
  client.push(stream);
  for (let quiet = 0, before = 0; quiet < QUIET_TURNS; quiet += 1) {
    await new Promise(setImmediate);
    if (client.events !== before) {
      [quiet, before] = [0, client.events];
    }
  }
  // A reply that is not ours: the server has refused a request by itself. What follows it gets no reply.
  const statuses = [...client.written.matchAll(/(?:^|\r\n\r\n)HTTP\/1\.1 (\d+) /g)].map((match) => Number(match[1]));
  const refused = statuses.filter((status) => status !== 100).findIndex((status) => status >= 400);
  if (refused >= 0) {
    client.requests.length = Math.min(client.requests.length, refused);
    client.end_ = `refused ${statuses.filter((status) => status !== 100)[refused]} ${hex("no host")}`;
  }
  client.end_ ??= client.writableEnded || client.destroyed ? "closed" : "more";
  client.destroy();
  const broken = client.requests.findIndex((request) => !request.isComplete);
  const taken = broken < 0 ? client.requests : client.requests.slice(0, broken);
  const words = taken.map(({ method, url, body }) => `${hex(method)} ${hex(url, "latin1")} ${hex(Buffer.concat(body))}`);
  return `${words.join(" ")}|${client.end_}`;
}

process.stdout.write("ready\n");
for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write((await read(Buffer.from(line === "-" ? "" : line, "hex"))) + "\n");
}
