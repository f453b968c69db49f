// SPDX-License-Identifier: Apache-2.0
// Writes the boards: usage: COLDSPAN_BOARDS_SDK=FOLDER node generate.mjs FOLDER
// Needs @grafana/grafana-foundation-sdk in the first folder's node_modules; script/dashboards has it.
import fs from "node:fs";
import path from "node:path";

const NAMES = ["fleet", "function", "anatomy", "cost", "agent", "traces"];
const folder = process.argv[2];

for (const name of NAMES) {
    const { default: make } = await import(`./boards/${name}.mjs`);
    fs.writeFileSync(path.join(folder, `coldspan-${name}.json`), JSON.stringify(make(), null, 2) + "\n");
}
