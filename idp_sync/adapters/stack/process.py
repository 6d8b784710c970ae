"""A child process of ours that outlives us: which one it is stands in a file, and only that one is ever ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idp_sync.domain.errors import Unavailable

#: our children, so that they are reaped when they end; whoever outlives us is adopted by init
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProcess:
    """One server, run by us in a session of its own."""

    #: for messages
    name: str
    #: holds process id and start time: a process id alone may by now be somebody else's
    record: Path
    #: seconds within which it ends
    patience: float

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        until_ready: Callable[[subprocess.Popen[bytes]], None],
    ) -> int:
        """Start it, and return its process id once `until_ready` returns.

        Whatever `until_ready` raises, an interruption too, ends the process: nothing half started is left.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - the program is the system's, or named by who runs us
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
            )
        _children[process.pid] = process
        self.record.write_text(f"{process.pid} {_started(process.pid)}\n", encoding="ascii")
        try:
            until_ready(process)
        except BaseException:
            self.stop(process.pid)
            raise
        return process.pid

    def running(self) -> int | None:
        """Its process id; None where it does not run."""
        try:
            pid, started = self.record.read_text(encoding="ascii").split()
        except (FileNotFoundError, ValueError):
            return None
        if (child := _children.get(int(pid))) is not None and child.poll() is not None:
            del _children[int(pid)]
        return int(pid) if _started(int(pid)) == started else None

    def stop(self, pid: int | None = None) -> bool:
        """End it; False where it does not run. With a process id, only if that is the one on record.

        Raises:
            Unavailable: it does not end.
        """
        running = self.running()
        if running is None or pid not in {None, running}:
            return False
        for kind in (signal.SIGTERM, signal.SIGKILL):
            os.kill(running, kind)
            if _wait_until_gone(running, self.patience):
                self.record.unlink(missing_ok=True)
                return True
        raise Unavailable(f"{self.name} ({running}) 无法停止 / does not end")


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's own count; None where there is none, or it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]


def _wait_until_gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    child = _children.get(pid)
    while time.monotonic() < deadline:
        # a child of ours is gone once it is reaped, and not before: a zombie would be reaped by nobody else
        if (child.poll() is not None) if child is not None else (_started(pid) is None):
            _children.pop(pid, None)
            return True
        time.sleep(0.02)
    return False
