# SPDX-License-Identifier: Apache-2.0
"""A module of the function's own, so that user code is more than one file."""
import decimal
import json


def greet(event):
    total = sum(decimal.Decimal(n) for n in event.get("numbers", []))
    return json.dumps({"greeting": f"hello {event.get('name', 'world')} from Python",
                       "total": str(total)})
