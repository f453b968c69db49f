// SPDX-License-Identifier: Apache-2.0
// Logs before it listens, and twice for each request: when it comes, and when it is answered.
"use strict";
const http = require("http");

console.log("loading");
const server = http.createServer((request, response) => {
    const name = request.url.split("/")[1];
    console.log(`begin ${name}`);
    setTimeout(() => {
        console.error(JSON.stringify({ level: "warn", msg: `end ${name}` }));
        response.end("answer\n");
        if (name === "exit")
            server.close();
    }, 3);
});
server.keepAliveTimeout = 100;
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
