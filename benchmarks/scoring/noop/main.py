"""The least that a function can be."""

import functions_framework


@functions_framework.http
def noop(request):
    return {"ok": True}
