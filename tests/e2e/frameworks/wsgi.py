# SPDX-License-Identifier: Apache-2.0
"""What a WSGI server runs: it says whom it answers. With a port, waitress does, which has no program of its own
that says where it listens."""
import sys


def app(environ, start_response):
    name = environ["PATH_INFO"].rpartition("/")[2]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    print("line", name, flush=True)
    answer = f"hello {name} {len(body)}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


if __name__ == "__main__":
    import waitress

    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=4)
