// SPDX-License-Identifier: Apache-2.0
// A worker of workerd; see README.md for what it answers.
export default {
	async fetch(request) {
		const hang = /\/hang\/(\d+)/.exec(request.url);
		if (hang) {
			await fetch(`http://127.0.0.1:${hang[1]}/`);
		}
		return new Response(`hello ${await request.text()}\n`);
	},
};
