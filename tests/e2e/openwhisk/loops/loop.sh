#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An action loop in bash, as OpenWhisk's documentation shows one: read byte by byte, answers by echo inside of
# libc's stdio, and a command that gets the event by a pipe.
if [ -n "$__OW_WAIT_FOR_ACK" ]; then
	echo '{"ok":true}' >&3
fi
while read -r line; do
	name=$(echo "$line" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["value"]["name"])')
	[ "$name" != killed ] || kill -9 $$
	echo "out: $name"
	if [ "$name" = wrong ]; then
		echo '{"error": "no such name"}' >&3
	else
		echo "{\"greeting\": \"Hello, $name!\"}" >&3
	fi
done
