// SPDX-License-Identifier: Apache-2.0
// A function in Node, mode http: a server on the port that it is given.
'use strict';
const http = require('node:http');
const { greet } = require('./greeting');

http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.stringify(greet(Buffer.concat(chunks).toString() || '{}')) + '\n';
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
