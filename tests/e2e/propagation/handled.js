// SPDX-License-Identifier: Apache-2.0
// As handled.py, in JavaScript.
'use strict';
const { execFile } = require('node:child_process');
const http = require('node:http');
const net = require('node:net');
const { promisify } = require('node:util');

function ask(port) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/' }, (response) => {
      let out = '';
      response.on('data', (data) => { out += data; });
      response.on('end', () => resolve(JSON.parse(out)));
    });
    request.on('error', reject);
    request.end('body');
  });
}

function meet(port) {
  return new Promise((resolve) => net.connect(port, '127.0.0.1').once('data', resolve).once('close', resolve));
}

exports.handle = async (event) => {
  if (event.meet) await meet(event.meet);
  const call = await ask(event.port);
  const [program, ...args] = process.env.CHILD.split(' ');
  const { stdout } = await promisify(execFile)(program, args);
  return { call, child: JSON.parse(stdout) };
};
