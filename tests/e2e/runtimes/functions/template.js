// SPDX-License-Identifier: Apache-2.0
// A server behind of-watchdog, as OpenFaaS's templates have it: at a port that the image knows, and it ends well
// when it is told to.
const http = require('http');
const net = require('net');

const server = http.createServer((request, response) => {
	let body = '';
	request.on('data', (chunk) => { body += chunk; });
	request.on('end', () => {
		const hang = /^\/hang\/(\d+)/.exec(request.url);
		if (hang)
			net.connect(Number(hang[1]), '127.0.0.1');
		else
			response.end(`hello ${body}\n`);
	});
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
