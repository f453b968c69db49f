#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A custom runtime as AWS's tutorial has it: a curl asks for an event, another one answers it.
set -u
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
heads=$(mktemp)
trap 'rm -f "$heads"' EXIT
if [ "${PROBE_FAILS:-}" = init ]; then
	curl -sS -o /dev/null -d '{"errorMessage": "the init is to fail"}' \
		-H 'Lambda-Runtime-Function-Error-Type: Runtime.Probe' "$api/init/error"
	exit 1
fi
while event=$(curl -sS -fL -D "$heads" "$api/invocation/next"); do
	id=$(sed -n 's/^lambda-runtime-aws-request-id: *\([^\r]*\).*/\1/Ip' "$heads")
	case $event in
	*'"error"'*)
		curl -sS -o /dev/null -d '{"errorMessage": "the event is to fail"}' \
			-H 'Lambda-Runtime-Function-Error-Type: Function.Probe' "$api/invocation/$id/error"
		;;
	*'"says"'*)
		# Commands handle it: one that is over before the answer, and one that says its line after it.
		file=${event#*'"says": "'}
		python3 -c 'import os, sys; open(sys.argv[1]).read(); os.write(2, b"late\n")' "${file%%'"'*}" &
		said=$(python3 -c 'import os, sys; os.write(2, f"handled {sys.argv[1]}\n".encode()); print("{}")' "$id")
		curl -sS -o /dev/null -d "$said" "$api/invocation/$id/response"
		;;
	*'"hang"'*)
		file=${event#*'"hang": "'}
		printf '%s' $$ >"${file%%'"'*}"
		sleep 600
		;;
	*) curl -sS -o /dev/null -d "{\"got\": $event}" "$api/invocation/$id/response" ;;
	esac
done
wait
exit 1
