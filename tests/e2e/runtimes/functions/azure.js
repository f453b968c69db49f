// SPDX-License-Identifier: Apache-2.0
// An Azure custom handler in Node: the host tells the port; see README.md for what it answers.
const http = require('http');
const net = require('net');

http.createServer((request, response) => {
	let body = '';
	request.on('data', (chunk) => { body += chunk; });
	request.on('end', () => {
		const hang = /^\/hang\/(\d+)/.exec(request.url);
		if (hang) {
			net.connect(Number(hang[1]), '127.0.0.1');
			return;
		}
		const answer = JSON.stringify({ Outputs: {}, Logs: [], ReturnValue: `hello ${body}\n` });
		response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer);
	});
}).listen(process.env.FUNCTIONS_CUSTOMHANDLER_PORT, '127.0.0.1');
