"""The bodies of requests: read as bytes, so that they can be checked before they are parsed."""

from typing import Annotated

from fastapi import Depends, Request

from starters.api.problems import ProblemError


async def read_json(request: Request) -> bytes:
    """Read a body that says that it is JSON.

    A page in a browser cannot send that content type to us without being asked first, which keeps an API
    without a token on a developer's machine from being driven by a web site.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProblemError(
            415, "unsupported_media_type", "Send the body as Content-Type: application/json.", field="Content-Type"
        )
    return await request.body()


JsonBody = Annotated[bytes, Depends(read_json)]
