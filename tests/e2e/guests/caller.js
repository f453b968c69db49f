// SPDX-License-Identifier: Apache-2.0
// A server that calls others: /http/PORT, /https/PORT, /name/NAME, /redis/PORT, /hang/PORT, /exit/.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const net = require('net');

const ca = process.env.CALLS_CA && fs.readFileSync(process.env.CALLS_CA);
const agent = new http.Agent({ keepAlive: true });
const agents = new https.Agent({ keepAlive: true, ca });

function get(module, url, options) {
  return new Promise((resolve) => {
    module.get(url, options, (response) => {
      let body = '';
      response.on('data', (data) => { body += data; });
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    }).on('error', (error) => resolve(error.code));
  });
}

function redis(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write('*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$6\r\nsecret\r\n');
      socket.once('data', () => {
        socket.write('*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n');
        socket.once('data', (data) => { socket.destroy(); resolve(String(data)); });
      });
    });
  });
}

const does = {
  http: async (port) => [
    await get(http, `http://localhost:${port}/first?key=secret`, { agent }),
    await get(http, `http://localhost:${port}/missing`, { agent })],
  https: async (port) => [
    await get(https, `https://localhost:${port}/first`, { agent: agents }),
    await get(https, `https://localhost:${port}/second`, { agent: agents })],
  fetch: async (port) => [await (await fetch(`http://localhost:${port}/fetched`)).text()],
  name: (name) => get(http, `http://${name}/`),
  refused: (port) => get(http, `http://127.0.0.1:${port}/`),
  redis,
  hang: (port) => get(http, `http://localhost:${port}/hang`),
  exit: async () => { setTimeout(() => process.exit(0), 10); },
};

const server = http.createServer(async (request, response) => {
  const [, what, argument] = request.url.split('/');
  const done = await does[what](argument);
  response.end(JSON.stringify(done || null));
});

async function start() {
  if (process.env.CALLS_AT_START)
    await get(http, `http://localhost:${process.env.CALLS_AT_START}/configuration`, { agent });
  server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
}

start();
