// SPDX-License-Identifier: Apache-2.0
// As server.c does its work, in one thread. Argument: the backend's port.
const fs = require('fs');
const http = require('http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function say(what, id) {
  fs.writeSync(1, `${what} ${id}\n`);
}

http.createServer((request, response) => {
  const id = request.url.split('/').pop();
  say('begin', id);
  setTimeout(() => {
    http.get({ agent, host: '127.0.0.1', port: process.argv[2], path: `/call/${id}` }, (answer) => {
      answer.resume();
      answer.on('end', () => setImmediate(() => {
        say('end', id);
        response.end();
      }));
    }).on('error', (error) => { throw error; });
  }, 25);
}).listen(0, '127.0.0.1');
