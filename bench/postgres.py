"""A PostgreSQL server in a folder, for measurements and for the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
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
    """The URL of an empty database of a server with the settings that it comes with; it is gone afterwards.

    Raises:
        RuntimeError: If the server does not start.
    """
    folder = short_folder("returnflow-bench-")
    try:
        yield start(folder, {})
    finally:
        stop(folder)


def short_folder(prefix: str) -> Path:
    """A new folder for a server; the usual temporary folder can be too long for the path of a socket."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))


def start(folder: Path, settings: Mapping[str, str]) -> str:
    """Start a server in a folder, on a unix socket only; gives the URL of its first database.

    Raises:
        RuntimeError: If it does not start.
    """
    data = folder / "data"
    user = _unprivileged_user()
    if user is not None:
        shutil.chown(folder, user)
    _run(
        *("initdb", "--pgdata", str(data), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8"),
        *("--locale", "C", "--no-sync", "--no-instructions"),
    )
    with (data / "postgresql.conf").open("a") as config:
        own = {"listen_addresses": "", "unix_socket_directories": str(folder)}
        config.writelines(f"{name} = '{value}'\n" for name, value in {**settings, **own}.items())
    _run("pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(folder / "server.log"))
    return url_of(folder)


def url_of(folder: Path) -> str:
    """The URL of the first database of the server in a folder."""
    return f"postgresql+pg8000://postgres@/postgres?unix_sock={folder}/.s.PGSQL.5432"


def stop(folder: Path) -> None:
    """Stop the server in a folder, if one runs there, and remove the folder."""
    if (folder / "data" / "postmaster.pid").exists():
        _run("pg_ctl", "stop", "--pgdata", str(folder / "data"), "--mode", "immediate")
    shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, *arguments: str) -> None:
    """Run a program of the server; it refuses to run as root."""
    done = subprocess.run(
        [programs()[program], *arguments],
        user=_unprivileged_user(),
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
