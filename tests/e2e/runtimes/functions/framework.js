// SPDX-License-Identifier: Apache-2.0
// A function of Google's functions-framework for Node; see README.md for what it answers.
const net = require('net');

exports.hello = (request, response) => {
	const hang = /^\/hang\/(\d+)/.exec(request.path);
	if (hang) {
		net.connect(Number(hang[1]), '127.0.0.1');
		return;
	}
	response.type('text/plain').send(`hello ${request.rawBody}\n`);
};
