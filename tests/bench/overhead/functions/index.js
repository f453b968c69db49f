// SPDX-License-Identifier: Apache-2.0
const functions = require('@google-cloud/functions-framework');

functions.http('hello', (request, response) => response.send('hello'));
