// SPDX-License-Identifier: Apache-2.0
// The matrix guest in Node: reports on itself, spawns a child with an environment of its own.
'use strict';
const fs = require('fs');
const { spawnSync } = require('child_process');

const lines = [];
for (let fd = 0; fd < 3; fd++) {
  try {
    lines.push(`fd.${fd}=${fs.readlinkSync(`/proc/self/fd/${fd}`)}`);
  } catch (e) {
    lines.push(`fd.${fd}=${e.code}`);
  }
}
lines.push(`fds=${fs.readdirSync('/proc/self/fd').length}`);
const vector = new BigUint64Array(new Uint8Array(fs.readFileSync('/proc/self/auxv')).buffer);
lines.push(`secure=${vector[vector.indexOf(23n) + 1]}`);
for (const [name, value] of Object.entries(process.env)) lines.push(`env=${name}=${value}`);
lines.push(...fs.readFileSync('/proc/self/status', 'utf8').split('\n')
  .filter((l) => /^(Sig(Blk|Ign|Cgt)|Threads)/.test(l)));
const child = spawnSync('/bin/sh', ['-c', 'echo child; exit 4'], { env: { A: 'b' } });
lines.push(`child=${child.status} ${child.stdout} ${child.stderr}`);
try {
  fs.statSync('/nonexistent');
} catch (e) {
  lines.push(`stat=${e.code}`);
}
try {
  fs.openSync('/nonexistent/filter-from-here-on'); // late_filter.c
} catch (e) {
  lines.push(`open=${e.code}`);
}
lines.push(`seccomp=${/Seccomp:\t(\d)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]}`);
try {
  fs.writeSync(1, fs.readFileSync(0));
  fs.writeSync(2, 'to stderr\n');
} catch (e) {
  lines.push(`io=${e.code}`);
}
fs.writeFileSync(process.env.MATRIX_REPORT, lines.join('\n') + '\n');
process.exit(7);
