// SPDX-License-Identifier: Apache-2.0
// Express: it says whom it answers.
const app = require('express')();

app.all('/hello/:name', (request, response) => {
  let length = 0;
  request.on('data', (data) => { length += data.length; });
  request.on('end', () => {
    console.log('line', request.params.name);
    response.type('text').send(`hello ${request.params.name} ${length}`);
  });
});
app.listen(0, '127.0.0.1');
