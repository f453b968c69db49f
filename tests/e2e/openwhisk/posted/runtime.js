// SPDX-License-Identifier: Apache-2.0
// A runtime that OpenWhisk's invoker asks over HTTP, as its own for Node.js is asked: POST /init brings the code, once;
// POST /run is an event. Its code is a module's text, which is written to a file here and required. Prints its port.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');

const END = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n';
let action;

function init({ value }) {
	if (action)
		return [403, { error: 'Cannot initialize the action more than once.' }];
	if (!value || !value.code)
		return [403, { error: 'Missing main/no code to execute.' }];
	const folder = fs.mkdtempSync(path.join(__dirname, 'action-'));
	try {
		fs.writeFileSync(path.join(folder, 'action.js'), value.code);
		action = require(path.join(folder, 'action.js'))[value.main || 'main'];
		return [200, { ok: true }];
	} catch (error) {
		return [502, { error: `Initialization has failed due to: ${error}` }];
	} finally {
		fs.rmSync(folder, { recursive: true });
	}
}

function run({ value }) {
	try {
		return [200, action(value)];
	} catch (error) {
		return [502, { error: `An error has occurred: ${error}` }];
	} finally {
		fs.writeSync(1, END);
		fs.writeSync(2, END);
	}
}

const server = http.createServer((request, response) => {
	let body = '';
	request.on('data', (piece) => { body += piece; });
	request.on('end', () => {
		const [status, answer] = request.method === 'GET' ? [200, {}] : (request.url === '/init' ? init : run)(JSON.parse(body));
		const text = JSON.stringify(answer);
		response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
		response.end(text);
	});
});
server.listen(0, '127.0.0.1', () => fs.writeSync(1, `${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));
