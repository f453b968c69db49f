# SPDX-License-Identifier: Apache-2.0
"""aiohttp's own server: it says whom it answers."""
from aiohttp import web


async def hello(request):
    name, body = request.match_info["name"], await request.read()
    print("line", name, flush=True)
    return web.Response(text=f"hello {name} {len(body)}")


app = web.Application()
app.router.add_route("*", "/hello/{name}", hello)
web.run_app(app, host="127.0.0.1", port=0, print=None)
