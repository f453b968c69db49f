// SPDX-License-Identifier: Apache-2.0
// A function of Vercel's edge-runtime; see README.md for what it answers.
addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request) {
	const hang = /\/hang\/(\d+)/.exec(request.url);
	if (hang) {
		await fetch(`http://127.0.0.1:${hang[1]}/`);
	}
	return new Response(`hello ${await request.text()}\n`);
}
