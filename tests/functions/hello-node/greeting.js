// SPDX-License-Identifier: Apache-2.0
// A module of the function's own, so that user code is more than one file.
'use strict';
const crypto = require('node:crypto');

exports.greet = (event) => {
  const { name = 'world' } = JSON.parse(event);
  return {
    greeting: `hello ${name} from Node`,
    digest: crypto.createHash('sha256').update(name).digest('hex'),
  };
};
