// SPDX-License-Identifier: Apache-2.0
// Fastify: it says whom it answers.
const app = require('fastify')();

app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request, body) => body);
app.all('/hello/:name', async (request) => {
  console.log('line', request.params.name);
  return `hello ${request.params.name} ${request.body ? request.body.length : 0}`;
});
app.listen({ port: 0, host: '127.0.0.1' });
