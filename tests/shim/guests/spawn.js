// SPDX-License-Identifier: Apache-2.0
// For Deno: starts the program that is named, hands it a line, and prints what comes back.
const child = new Deno.Command(Deno.args[0], { stdin: "piped", stdout: "piped" }).spawn();
const writer = child.stdin.getWriter();
await writer.write(new TextEncoder().encode("from the child\n"));
await writer.close();
const { code, stdout } = await child.output();
console.log(code, new TextDecoder().decode(stdout));
