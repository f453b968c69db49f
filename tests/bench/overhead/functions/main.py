# SPDX-License-Identifier: Apache-2.0
import functions_framework


@functions_framework.http
def hello(request):
    return "hello"
