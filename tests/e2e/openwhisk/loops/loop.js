// SPDX-License-Identifier: Apache-2.0
// An action loop in Node.js: lines by readline, answers written without waiting for the event loop.
const fs = require('fs');
const readline = require('readline');

const action = ({ name }) => {
    if (name === 'killed')
        process.kill(process.pid, 'SIGKILL');
    if (name === 'wrong')
        throw new Error('no such name');
    console.log(`out: ${name}`);
    console.error(`err: ${name}`);
    return { greeting: `Hello, ${name}!` };
};

const answer = (result) => fs.writeSync(3, JSON.stringify(result) + '\n');

if (process.env.__OW_WAIT_FOR_ACK)
    answer({ ok: true });
readline.createInterface({ input: process.stdin }).on('line', (line) => {
    let result;
    try {
        result = action(JSON.parse(line).value);
    } catch (failure) {
        result = { error: failure.message };
    }
    answer(result);
});
