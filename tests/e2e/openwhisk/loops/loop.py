# SPDX-License-Identifier: Apache-2.0
"""An action loop in Python, as OpenWhisk's launchers for it do: lines in by readline, answers by fdopen(3)."""
import json
import os
import sys

import action

out = os.fdopen(3, "wb")
if os.environ.get("__OW_WAIT_FOR_ACK"):
    out.write(b'{"ok": true}\n')
    out.flush()
while line := sys.stdin.readline():
    event = json.loads(line)
    os.environ.update({f"__OW_{key.upper()}": str(value) for key, value in event.items() if key != "value"})
    try:
        result = action.main(event["value"])
    except Exception as failure:  # pylint: disable=broad-except
        result = {"error": str(failure)}
    sys.stdout.flush()
    sys.stderr.flush()
    out.write(json.dumps(result, ensure_ascii=False).encode() + b"\n")
    out.flush()
