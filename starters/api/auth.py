"""The bearer token that guards the calls of the shop's own systems."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from starters.api.problems import ProblemError

_scheme = HTTPBearer(auto_error=False, description="The value of RETURNFLOW_API_TOKEN.")


def require_token(token: str) -> Callable[..., Awaitable[None]]:
    """Make a dependency that refuses every request without the token."""

    async def check(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)],
    ) -> None:
        given = credentials.credentials if credentials else ""
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise ProblemError(
                401,
                "unauthorized",
                "Send the API's token as `Authorization: Bearer <token>`.",
                field="Authorization",
                headers={"WWW-Authenticate": "Bearer"},
            )

    return check
