"""Files that leave the register for a folder that a person names: new ones only, readable by their owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from idp_sync.domain.errors import InputError

_OURS_ALONE: Final = 0o600


class OutFolder:
    """A folder that is held open: whatever happens to its name, files go into this one and no other."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.written: list[str] = []

    def write(self, name: str, content: bytes) -> Path:
        """Write a new file, durably. Raises InputError where there is one, or a link, of that name."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            descriptor = os.open(name, flags, _OURS_ALONE, dir_fd=self._descriptor)
            self.written.append(name)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(f"{self.path / name}：不能写入 / can't be written: {error.strerror}") from None
        return self.path / name

    def take_back(self) -> None:
        """Remove what was written here, and nothing else."""
        for name in self.written:
            os.unlink(name, dir_fd=self._descriptor)
        self.written.clear()


@contextmanager
def out_folder(path: Path) -> Iterator[OutFolder]:
    """Make the folder where there is none, and hold it open; on any exception what was written is taken back.

    Raises:
        InputError: it can't be made, is no folder, or is a link: papers would go where nobody expects them.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise InputError(
            f"{path}：不是可用的文件夹（链接不可用）/ is no folder that can be used (a link is none): {error.strerror}"
        ) from None
    folder = OutFolder(path, descriptor)
    try:
        yield folder
    except BaseException:
        folder.take_back()
        raise
    finally:
        os.close(descriptor)
