# SPDX-License-Identifier: Apache-2.0
"""handled.py in an action loop."""
import json
import os
import sys

import handled

out = os.fdopen(3, "wb")
out.write(b'{"ok": true}\n')
out.flush()
while line := sys.stdin.readline():
    out.write(json.dumps(handled.handle(json.loads(line)["value"])).encode() + b"\n")
    out.flush()
