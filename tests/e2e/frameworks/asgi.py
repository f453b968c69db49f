# SPDX-License-Identifier: Apache-2.0
"""What an ASGI server runs: it says whom it answers."""


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    name, length, more = scope["path"].rpartition("/")[2], 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body")
    print("line", name, flush=True)
    answer = f"hello {name} {length}".encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})
