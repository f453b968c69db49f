// SPDX-License-Identifier: Apache-2.0
// An ordinary HTTP server; http_servers.py says what it must answer.
'use strict';
const http = require('node:http');

let waiting = null;

function meet(go) {
  if (!waiting) {
    waiting = go;
    return;
  }
  const other = waiting;
  waiting = null;
  other();
  go();
}

function answer(request, response, kind, length) {
  const text = `${request.method} ${kind} ${length}\n`;
  if (kind === 'chunked') {
    for (let i = 0; i < 300; i++) response.write(text);
    response.end();
    return;
  }
  const status = { missing: 404, empty: 204 }[kind] || 200;
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(text) });
  response.end(request.method === 'HEAD' ? undefined : text);
}

const server = http.createServer((request, response) => {
  const kind = request.url.split('?')[0].split('/')[1];
  let length = 0;
  request.on('data', (chunk) => { length += chunk.length; });
  request.on('end', () => {
    const go = () => answer(request, response, kind, length);
    if (kind === 'meet') meet(go);
    else go();
    if (kind === 'exit') server.close();
  });
});

server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
