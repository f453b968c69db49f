// SPDX-License-Identifier: Apache-2.0
// A function for AWS's Node.js runtime interface client: does what its event says.
"use strict";
const fs = require("node:fs");
const net = require("node:net");

if (process.env.PROBE_FAILS === "init") {
	throw new Error("the init is to fail");
}

function hang(file) {
	fs.writeFileSync(file, String(process.pid));
	return new Promise((resolve) => setTimeout(resolve, 600000));
}

// Until somebody at that port says a byte.
function meet(port) {
	return new Promise((resolve) => net.connect(port, "127.0.0.1").once("data", resolve).once("close", resolve));
}

exports.handle = async (event) => {
	if (event.error) {
		throw new RangeError("the event is to fail");
	}
	if (event.hang) {
		await hang(event.hang);
	}
	if (event.meet) {
		await meet(event.meet);
	}
	return { got: event, pad: "x".repeat(event.answer_bytes ?? 0) };
};

exports.stream = awslambda.streamifyResponse(async (event, stream) => {
	for (let i = 0; i < event.parts; i++) {
		stream.write(`part ${i};`);
		await new Promise(setImmediate);
	}
	if (event.error) {
		throw new RangeError("the event is to fail");
	}
	stream.end();
});
