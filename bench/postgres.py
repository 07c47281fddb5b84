"""A PostgreSQL server in a folder, with the settings that it comes with."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_SERVER = "PostgreSQL was left out: initdb and pg_ctl are not installed (Debian: apt install postgresql)"


def programs() -> dict[str, str]:
    """Where initdb and pg_ctl are, on PATH or where Debian keeps them; empty if one of them is missing."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, reversed(packaged))])
    found = {name: shutil.which(name, path=path) for name in ("initdb", "pg_ctl")}
    return {name: program for name, program in found.items() if program} if all(found.values()) else {}


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of an empty database of a server that listens on a unix socket only; it is gone afterwards.

    Raises:
        RuntimeError: If the server does not start.
    """
    # The path of a unix socket has to be short, which the usual temporary folder need not be.
    folder = Path(tempfile.mkdtemp(prefix="returnflow-bench-", dir="/tmp"))
    user = _unprivileged_user()
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    try:
        _run(user, "initdb", "--pgdata", str(data), "--username", "postgres", "--auth", "trust", "--locale", "C")
        with (data / "postgresql.conf").open("a") as config:
            config.write(f"listen_addresses = ''\nunix_socket_directories = '{folder}'\n")
        _run(user, "pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(folder / "server.log"))
        try:
            yield f"postgresql+pg8000://postgres@/postgres?unix_sock={folder}/.s.PGSQL.5432"
        finally:
            _run(user, "pg_ctl", "stop", "--pgdata", str(data), "--mode", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(user: str | None, program: str, *arguments: str) -> None:
    """Run a program of the server; it refuses to run as root."""
    done = subprocess.run(
        [programs()[program], *arguments],
        user=user,
        stdin=subprocess.DEVNULL,
        # A server would keep a pipe open.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed with code {done.returncode}: {' '.join(arguments)}")


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
