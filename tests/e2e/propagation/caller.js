// SPDX-License-Identifier: Apache-2.0
// As caller.py, in JavaScript.
const { execFile, spawn } = require('child_process');
const http = require('http');

const [program, ...args] = process.env.CHILD.split(' ');
const agent = new http.Agent({ keepAlive: true });

function runChild(how, done) {
  if (how === 'own') {
    execFile(program, args, { env: { ...process.env, OWN: '1' } }, (error, out) => done(error ? `${error}` : out));
    return;
  }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => { out += data; });
  child.on('close', () => done(out));
}

function ask(port, times, done) {
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/', agent }, (response) => {
    let out = '';
    response.on('data', (data) => { out += data; });
    response.on('end', () => (times > 1 ? ask(port, times - 1, done) : done(out)));
  });
  request.end('body'.repeat(100));
}

let waiting = null;

http.createServer((request, response) => {
  const [what, ...rest] = request.url.slice(1).split('/');
  if (what === 'both' && !waiting) {
    waiting = () => ask(rest[0], 2, (said) => response.end(said));
    return;
  }
  if (what === 'both') waiting();
  if (what === 'spawn') runChild(rest[0], (said) => response.end(said));
  else ask(rest[0], 2, (said) => response.end(said));
}).listen(0, '127.0.0.1');
