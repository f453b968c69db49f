// SPDX-License-Identifier: Apache-2.0
// A Lambda function behind an HTTP event; see README.md for what it answers.
const net = require('net');

exports.hello = async (event) => {
	const hang = /\/hang\/(\d+)/.exec(event.rawPath);
	if (hang) {
		const peer = net.connect(Number(hang[1]), '127.0.0.1');
		await new Promise((resolve) => { peer.on('close', resolve); });
	}
	return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: `hello ${event.body}\n` };
};
