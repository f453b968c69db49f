// SPDX-License-Identifier: Apache-2.0
// What may come over a connection besides HTTP/1 requests; ../protocols.py says what is asked.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');

const servers = {
  plain: http.createServer((request, response) => {
    if (request.url === '/hints') {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeEarlyHints({ link: '</script.js>; rel=preload' });
      request.resume().on('end', () => response.end('hinted\n'));
      return;
    }
    response.end('plain\n');
    if (request.url === '/exit/') Object.values(servers).forEach((server) => server.close());
  }),
  http2: http2.createServer((request, response) => response.end('http2\n')),
  tls: https.createServer({ key: fs.readFileSync(process.argv[2]), cert: fs.readFileSync(process.argv[3]) },
    (request, response) => response.end('tls\n')),
};

function echo(socket, head, first) {
  socket.write(first);
  if (head.length) socket.write(head);
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('end', () => socket.end());
}

// RFC 7540, section 3.2: the request is stream 1, and what comes next are frames. The answers: headers, `:status: 500`.
function speakHttp2(socket) {
  const answer = (stream) => Buffer.from([0, 0, 1, 1, 5, 0, 0, 0, stream, 0x8e]);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  socket.write(Buffer.concat([Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), answer(1)]));
  socket.on('data', () => socket.write(answer(3)));
  socket.on('end', () => socket.end());
}

servers.plain.on('upgrade', (request, socket, head) => {
  if (request.headers.upgrade === 'h2c' && request.url === '/declined')
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nplain\n');
  else if (request.headers.upgrade === 'h2c') speakHttp2(socket);
  else echo(socket, head, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
});
servers.plain.on('connect', (request, socket, head) =>
  echo(socket, head, 'HTTP/1.1 200 Connection Established\r\n\r\n'));

const ports = {};
for (const [name, server] of Object.entries(servers)) {
  server.listen(0, '127.0.0.1', () => {
    ports[name] = server.address().port;
    if (Object.keys(ports).length === Object.keys(servers).length) console.log(JSON.stringify(ports));
  });
}
