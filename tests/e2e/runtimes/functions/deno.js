// SPDX-License-Identifier: Apache-2.0
// usage: deno run -A deno.js; see README.md for what it answers.
Deno.serve({ hostname: '127.0.0.1', port: 0 }, async (request) => {
	const hang = /\/hang\/(\d+)/.exec(request.url);
	if (hang) {
		const peer = await Deno.connect({ hostname: '127.0.0.1', port: Number(hang[1]) });
		await peer.read(new Uint8Array(1));
	}
	return new Response(`hello ${await request.text()}\n`);
});
