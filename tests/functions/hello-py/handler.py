# SPDX-License-Identifier: Apache-2.0
"""A function in Python, mode exec: a JSON event on standard input, a JSON answer on output."""
import json
import sys

import greeting

event = sys.stdin.buffer.read()
sys.stdout.write(greeting.greet(json.loads(event or b"{}")) + "\n")
