#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Decodes a saved request body with protoc and our own .proto files; text on standard output.
# usage: decode_protoc.sh BODY [MESSAGE]
set -euo pipefail
proto=$(cd "$(dirname "$0")/../.." && pwd)/exporters/otlp/proto
message=${2:-opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest}
name=${message##*.}

[ -d "$proto" ] || {
	echo "SKIP: no .proto files in exporters/otlp/proto"
	exit 77
}
# The file that defines the message: the one with its package and its name.
package=${message%.*}
file=$(grep -rlE "^package ${package//./\\.};" "$proto" | xargs -r grep -lE "^message $name\b" | head -n 1)
[ -n "$file" ] || {
	echo "decode_protoc.sh: no file in exporters/otlp/proto defines $message" >&2
	exit 1
}
exec protoc --proto_path="$proto" --decode="$message" "${file#"$proto"/}" <"$1"
