"""A real PostgreSQL server on a free loopback port, for as long as the tests run."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SUPERUSER = "owner"


def find_programs() -> Path | None:
    """Give the folder of initdb and postgres; None where there is no server on this machine."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: -float(each.parent.name))
    named = shutil.which("initdb")
    for folder in [*installed, *([Path(named).resolve().parent] if named else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _as_whom() -> list[str]:
    """Give the words that run a command as another user: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return []
    import pwd

    name = "postgres"
    try:
        pwd.getpwnam(name)
    except KeyError:
        name = "nobody"
    return ["setpriv", f"--reuid={name}", f"--regid={pwd.getpwnam(name).pw_gid}", "--clear-groups", "--"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One cluster in a temporary folder; `stop`, `start` and `freeze` are what a bad day does to it."""

    def __init__(self, programs: Path, *, durable: bool = False) -> None:
        self.programs, self._durable = programs, durable
        self.password = secrets.token_hex(8)
        self.port = free_port()
        # The default temporary folder of pytest lets no other user in.
        self._folder = Path(tempfile.mkdtemp(prefix="mtop-postgres-"))
        self._folder.chmod(0o711)
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700)
        secret = self._folder / "password"
        secret.write_text(self.password)
        self._whom = _as_whom()
        if self._whom:
            user = self._whom[1].partition("=")[2]
            for path in (self._data, secret):
                shutil.chown(path, user)
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._whom, str(self.programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        settings |= {"fsync": "on" if self._durable else "off", "max_connections": 60}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._whom, str(self.programs / "postgres"), "-D", str(self._data), *words],
                stdout=log,
                stderr=log,
                cwd="/",
            )
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(600):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError((self._folder / "log").read_text())

    def stop(self, *, crash: bool = False) -> None:
        """Stop at once; sessions are cut off. With `crash` as in a power cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def freeze(self) -> None:
        """Stop all its processes: connections stay, nothing is ever answered (Linux only)."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._processes():
            os.kill(pid, signal.SIGCONT)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def remove(self) -> None:
        self.stop(crash=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Give the URL of a database on this server, as a user would write it: without a password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None):
        """Connect directly, past the store."""
        import psycopg

        return psycopg.connect(
            self.url(database, user),
            password=password or self.password,
            autocommit=True,
            gssencmode="disable",
        )

    def new_database(self) -> str:
        """Make an empty database and give its name."""
        name = f"survey_{secrets.token_hex(4)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
