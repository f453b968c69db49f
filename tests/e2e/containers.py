#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions in real control groups and mount namespaces, as container runtimes make them, and the
resource that is exported of them. Where nobody may make a group, or a namespace, a case is skipped.

usage: containers.py --build DIR
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, control_groups, otlp_json, watching
from lib.cases import case

ID = "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
UID = "2e4a7a45-1c5b-4b4e-9b2a-0c3d5f7e9a11"
HELD = ("container.id", "k8s.pod.uid", "faas.max_memory")
MIB = 1 << 20
LIMIT_S = 60


class Watched:
    """A function that lives until the collector has met it. @lead: shell, in the process that becomes it.
    @stopped: the collector does nothing until somebody lets it go on."""

    def __init__(self, args, folder, lead="exec", environment=None, around="", stopped=False):
        self.traces = folder / "traces.jsonl"
        build, announce = args.build, folder / "announce.sock"
        apart = ["unshare", "--mount", "sh", "-c", f'{around} exec "$@"', "sh"] if around else []
        self.collector = watching.start(
            [*apart, build / "collector/coldspan-collector", "--file", self.traces], announce,
            stderr=subprocess.PIPE)
        if stopped:
            self.collector.send_signal(signal.SIGSTOP)
            os.waitpid(self.collector.pid, os.WUNTRACED)
        inside = ["nsenter", f"--mount=/proc/{self.collector.pid}/ns/mnt"] if around else []
        self.function = subprocess.Popen(
            [*inside, "sh", "-c", f'{lead} env "$@"', "sh",
             f"LD_PRELOAD={build / 'preload/libcoldspan.so'}", f"COLDSPAN_SOCKET={announce}", "cat"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **(environment or {})})

    def resource(self):
        try:
            self.wait_until_met()
            self.function.communicate(b"x", timeout=LIMIT_S)
            assert self.function.returncode == 0, self.function.returncode
        finally:
            watching.kill(self.function)
            watching.stop(self.collector)
            self.collector.stderr.close()
        spans = otlp_json.of_file(self.traces)
        assert spans and all(span["resource"] == spans[0]["resource"] for span in spans), spans
        assert spans[0]["resource"]["process.executable.path"].endswith("/cat"), spans[0]
        return spans[0]["resource"]

    def wait_until_met(self):
        end = time.monotonic() + LIMIT_S
        counters = {"announces": 0}
        while not counters["announces"]:
            assert time.monotonic() < end, counters
            self.collector.send_signal(signal.SIGUSR1)
            line = b""
            while not line.startswith(b"{"):
                line = self.collector.stderr.readline()
                assert line, "the collector has ended"
            counters = json.loads(line)
            time.sleep(0.005)


def resource(args, lead="exec", environment=None, around=""):
    with tempfile.TemporaryDirectory() as folder:
        return Watched(args, pathlib.Path(folder), lead, environment, around).resource()


def held(said):
    return {key: said[key] for key in HELD if key in said}


def least(said, bytes_max):
    """A limit, unless this machine has a tighter one above it."""
    return min(said.get("faas.max_memory", bytes_max), bytes_max)


@case("Docker: the container's id and the memory that it may have")
def docker(args, _):
    plain = held(resource(args))
    with control_groups.group(f"docker-{ID}.scope", limits=[256 * MIB]) as folder:
        said = resource(args, f"{control_groups.enter(folder)} && exec")
    assert held(said) == {**plain, "container.id": ID,
                          "faas.max_memory": least(plain, 256 * MIB)}, said
    assert isinstance(said["faas.max_memory"], int), said


@case("Kubernetes: the pod's uid; of the limits of pod and container the tighter one")
def kubernetes(args, _):
    plain = held(resource(args))
    pod = f"kubepods-burstable-pod{UID.replace('-', '_')}.slice"
    for limits, expected in ((128, 512), 128), ((512, 64), 64), ((512, None), 512):
        with control_groups.group("kubepods.slice", pod, f"cri-containerd-{ID}.scope",
                   limits=[None, *(limit and limit * MIB for limit in limits)]) as folder:
            said = resource(args, f"{control_groups.enter(folder)} && exec")
        assert held(said) == {"container.id": ID, "k8s.pod.uid": UID,
                              "faas.max_memory": least(plain, expected * MIB)}, (limits, said)


@case("what was over before the collector looked was in the last group that it had")
def gone(args, folder):
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    if release < (6, 18):
        cases.skip(f"Linux {release[0]}.{release[1]} may tell nothing of a peer that was waited for")
    if os.geteuid() != 0:
        cases.skip("only root may open a group by its number")
    with control_groups.group(f"docker-{ID}.scope", unified=True) as group:
        watched = Watched(args, folder, f"{control_groups.enter(group)} && exec", stopped=True)
        watched.function.communicate(b"x", timeout=LIMIT_S)
        watched.collector.send_signal(signal.SIGCONT)
        watched.wait_until_met()
        watching.stop(watched.collector)
        watched.collector.stderr.close()
    resources = [span["resource"] for span in otlp_json.of_file(watched.traces)]
    assert resources and resources[0]["process.executable.path"].endswith("/cat"), resources
    assert all(said.get("container.id") == ID for said in resources), resources


@case("what the platform, and before it the operator, says of memory stands")
def precedence(args, _):
    with control_groups.group(ID, limits=[256 * MIB]) as folder:
        azure = {"FUNCTIONS_WORKER_RUNTIME": "custom", "WEBSITE_MEMORY_LIMIT_MB": "1536"}
        said = resource(args, f"{control_groups.enter(folder)} && exec", azure)
        assert said["faas.max_memory"] == 1536 * MIB and said["container.id"] == ID, said
        said = resource(args, f"{control_groups.enter(folder)} && exec", {
            **azure, "OTEL_RESOURCE_ATTRIBUTES": "container.id=mine,faas.max_memory=5"})
        assert said["faas.max_memory"] == "5" and said["container.id"] == "mine", said


@case("in a cgroup namespace of its own a container is known by its files")
def mounted(args, folder):
    container = folder / "containers" / ID
    pod = folder / "kubelet" / "pods" / UID
    for file in container / "hostname", pod / "etc-hosts":
        file.parent.mkdir(parents=True)
        file.write_text("name\n")
    bind = (f"mount --bind {container / 'hostname'} /etc/hostname && "
            f"mount --bind {pod / 'etc-hosts'} /etc/hosts && ")
    if subprocess.run(["unshare", "--mount", "sh", "-c", bind + "true"], check=False,
                      capture_output=True).returncode:
        cases.skip("no mount namespace can be made here")
    plain = held(resource(args))
    expected = {**plain, "container.id": ID, "k8s.pod.uid": UID}
    # The collector outside of it; and inside, where it finds them among its own.
    said = resource(args, f"exec unshare --mount sh -c '{bind} exec \"$@\"' sh")
    assert held(said) == expected, said
    said = resource(args, around=bind)
    assert held(said) == expected, said
    # Others mount things meanwhile: these are ours.
    assert ID not in pathlib.Path("/proc/self/mountinfo").read_text(), "mounts were left here"


if __name__ == "__main__":
    given = cases.parser(__doc__, "build").parse_args()
    cases.main(given, given, folder=True)
