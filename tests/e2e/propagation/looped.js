// SPDX-License-Identifier: Apache-2.0
// handled.js in an action loop.
'use strict';
const fs = require('node:fs');
const readline = require('node:readline');
const { handle } = require('./handled.js');

fs.writeSync(3, '{"ok": true}\n');
(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    fs.writeSync(3, `${JSON.stringify(await handle(JSON.parse(line).value))}\n`);
  }
})();
