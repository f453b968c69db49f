# SPDX-License-Identifier: Apache-2.0
"""A function of Google's functions-framework for Python; see README.md for what it answers."""
import socket

import functions_framework


@functions_framework.http
def hello(request):
    if request.path.startswith("/hang/"):
        socket.create_connection(("127.0.0.1", int(request.path[6:]))).recv(1)
    return f"hello {request.get_data(as_text=True)}\n", {"Content-Type": "text/plain"}
