"""Who acts, in every command that changes a return."""

import getpass
from typing import Annotated

import typer

from domain.actions import Actor, Role

_ROLES = f"The role that acts: {', '.join(Role)}."

ActsAs = Annotated[Role | None, typer.Option("--as", metavar="ROLE", help=_ROLES, show_default=False)]
ActorId = Annotated[
    str | None,
    typer.Option(
        "--actor",
        "--id",
        envvar="RETURNFLOW_ACTOR",
        help="Who acts: a person or system of the shop. By default the user of this machine.",
    ),
]


def acting(role: Role | None, actor_id: str | None, default: Role) -> Actor:
    """Who acts, with the command's usual role and this machine's user where nothing else was said."""
    return Actor(role=role or default, id=actor_id or _user())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        return "cli"
