// SPDX-License-Identifier: Apache-2.0
// Node's own server; see README.md for what it answers.
const http = require('http');
const net = require('net');

http.createServer((request, response) => {
	let body = '';
	request.on('data', (chunk) => { body += chunk; });
	request.on('end', () => {
		const hang = /^\/hang\/(\d+)/.exec(request.url);
		if (hang)
			net.connect(Number(hang[1]), '127.0.0.1');
		else
			response.end(`hello ${body}\n`);
	});
}).listen(0, '127.0.0.1');
