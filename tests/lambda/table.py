# SPDX-License-Identifier: Apache-2.0
"""The clients of the Lambda Runtime API that are watched: how each is started, what it can do."""
import dataclasses
import functools
import pathlib
import re
import subprocess
import tempfile

from lib import peers
from lib.versions import from_npm, from_pypi, pinned, program, said_by

FUNCTIONS = pathlib.Path(__file__).parent / "functions"


@dataclasses.dataclass
class Client:
    """One way to run the probe function."""
    name: str
    title: str
    version: object  # a function that says which one is here
    command: object  # a function that makes the command
    handler: str = "probe.handle"
    streaming: str = ""  # the handler that streams its answer, where it can
    trailers: bool = False  # a stream that fails says so as the service wants it, in trailers
    managed: str = ""  # how it has many events at once in a managed instance, where it can
    says_init_error: bool = True
    large: bool = True  # it can answer more than the service takes
    commands: bool = False  # it runs commands for its events
    notes: str = ""


def python():
    return str(peers.path("awslambdaric"))


def node(module):
    return [program("node"), str(module)]


def jars():
    return sorted(map(str, peers.path("java_ric").glob("*.jar")))


@pinned
def java_version():
    (version,) = re.findall(r"runtime-interface-client-([\d.]+)\.jar", "\n".join(jars()))
    return f"aws-lambda-java-runtime-interface-client {version}"


@functools.cache
def classes():
    """A folder with the function compiled."""
    folder = tempfile.TemporaryDirectory()
    subprocess.run([program("javac"), "-cp", ":".join(jars()), "-d", folder.name, FUNCTIONS / "Probe.java"],
                   check=True)
    return folder


def java():
    return [program("java"), "-cp", ":".join([*jars(), classes().name]),
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda", "Probe::handleRequest"]


@pinned
def rust_version():
    manifest = (peers.ROOT / "tests/peers/rust_ric/Cargo.toml").read_text()
    return "lambda_runtime " + re.search(r'^lambda_runtime = { version = "=([\d.]+)"', manifest, re.M).group(1)


def bash():
    program("curl")
    return [program("bash"), "bootstrap.sh"]


CLIENTS = [
    Client("awslambdaric", "Python, awslambdaric", from_pypi(python, "awslambdaric"),
           lambda: [python(), "-m", "awslambdaric", "probe.handle"], managed="forked workers"),
    Client("aws-lambda-ric", "Node, aws-lambda-ric", from_npm("nodejs_ric", "aws-lambda-ric"),
           lambda: node(peers.path("nodejs_ric")), streaming="probe.stream", trailers=True,
           managed="threads"),
    Client("java", "Java, AWS's runtime interface client", java_version, java, managed="threads"),
    Client("rust", "Rust, lambda_runtime", rust_version, lambda: [str(peers.path("rust_ric"))],
           streaming="probe.stream", says_init_error=False,
           notes="its trailers go out as part of the body: of a stream that fails nothing is said"),
    Client("bash", "bash and curl", said_by("bash", "-c", "echo bash $BASH_VERSION"), bash, large=False,
           commands=True),
]
