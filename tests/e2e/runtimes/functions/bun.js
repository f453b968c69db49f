// SPDX-License-Identifier: Apache-2.0
// usage: bun run bun.js; see README.md for what it answers.
Bun.serve({
	hostname: '127.0.0.1',
	port: 0,
	idleTimeout: 0,
	async fetch(request) {
		const hang = /\/hang\/(\d+)/.exec(request.url);
		if (hang) {
			await fetch(`http://127.0.0.1:${hang[1]}/`);
		}
		return new Response(`hello ${await request.text()}\n`);
	},
});
