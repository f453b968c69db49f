# SPDX-License-Identifier: Apache-2.0
"""A client that ends when it is done, under the shim, and the calls that a real collector told of it."""
import os
import subprocess

from . import otlp_json, watching
from .served import LIMIT_S

CLIENT, ERROR = 3, 2  # a span's kind; a status


def told(args, folder, *command, status=0, data=b"", **variables):
    """Its CLIENT spans, in their order. @status: what it is to end with; @data: its standard input."""
    traces, announce = folder / "traces.jsonl", folder / "announce.sock"
    traces.unlink(missing_ok=True)
    collector = watching.start([args.build / "collector/coldspan-collector", "--file", traces], announce,
                               stderr=subprocess.DEVNULL)
    try:
        env = {**os.environ, "LD_PRELOAD": str(args.build / "preload/libcoldspan.so"),
               "COLDSPAN_SOCKET": str(announce), "NO_PROXY": "", "no_proxy": "", **variables}
        run = subprocess.run(list(map(str, command)), env=env, cwd=folder, input=data,
                             capture_output=True, timeout=LIMIT_S, check=False)
        assert run.returncode == status, (run.returncode, run.stderr, run.stdout)
        watching.finish(collector)
    finally:
        watching.kill(collector)
    return sorted((span for span in otlp_json.of_file(traces) if span["kind"] == CLIENT),
                  key=lambda span: span["start"])


def names(calls):
    return [call["name"] for call in calls]
