# SPDX-License-Identifier: Apache-2.0
"""Tornado's own server: it says whom it answers."""
import asyncio

import tornado.web


class Hello(tornado.web.RequestHandler):
    def get(self, name):
        print("line", name, flush=True)
        self.write(f"hello {name} {len(self.request.body)}")

    post = get


async def main():
    tornado.web.Application([("/hello/(.*)", Hello)]).listen(0, "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
