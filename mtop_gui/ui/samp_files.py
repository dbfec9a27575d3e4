"""What other programs may make this one read: files of this computer; and the files that are handed to them."""

from __future__ import annotations

import ipaddress
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mtop_gui.core.errors import MtopError, UnreadableSpectrumError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from http.client import HTTPMessage
    from typing import IO

    from mtop_gui.core.spectrum import Spectrum

MOST_BYTES = 256 * 2**20
PATIENCE = 10.0
"""Seconds to wait for a program of this computer to hand over a file."""
LOCAL_HOSTS = ("", "localhost")


def is_here(host: str | None) -> bool:
    """Tell whether a host name means this computer, by its spelling alone: no name is looked up."""
    if host is None or host.lower() in LOCAL_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(url: str) -> str:
    """Say why a URL that another program sent is not read; "" when it is.

    A program on the hub is not the person at the keyboard: it may name files of this computer, and nothing that
    would have to be fetched from elsewhere.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return f"“{url[:200]}” is no address of a file."
    if parts.scheme in ("", "file") and is_here(host):
        return "" if parts.path else "no file was named."
    if parts.scheme == "http" and is_here(host) and host:
        return ""
    return f"{url[:200]} is not on this computer: download it yourself, then open the file."


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection that leads away from this computer."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Refuse what `refusal` refuses, and files: a web server has no business naming those."""
        if refusal(newurl) or urlsplit(newurl).scheme != "http":
            raise UnreadableSpectrumError(f"{newurl[:200]} is not on this computer: it is not fetched.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, folder: Path) -> Path:
    """Give the local file a URL names; one offered by a program of this computer over HTTP is copied into `folder`.

    Raises
    ------
    UnreadableSpectrumError : the URL is refused, or the file cannot be had.
    """
    if reason := refusal(url):
        raise UnreadableSpectrumError(reason)
    parts = urlsplit(url)
    if parts.scheme != "http":
        path = Path(unquote(parts.path))
        if not path.exists():
            raise UnreadableSpectrumError(f"{path} is not there.")
        return path
    name = Path(unquote(parts.path)).name or "received"
    target = Path(tempfile.mkdtemp(dir=folder)) / name
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayHere())
    try:
        with opener.open(url, timeout=PATIENCE) as answer, target.open("wb") as file:
            shutil.copyfileobj(_Limited(answer), file)
    except (OSError, ValueError) as error:
        raise UnreadableSpectrumError(f"{url[:200]} could not be fetched: {error}.") from error
    return target


class _Limited:
    """A stream that ends in an error when there is more of it than a spectrum file can have."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._left = stream, MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"it is larger than {MOST_BYTES // 2**20} MB")
        return data


def write_spectrum(spectrum: Spectrum, folder: Path) -> Path:
    """Write one spectrum of many in a file as a FITS table of its own, for programs that want a file each."""
    from mtop_gui.io.table_files import write_table

    name = "".join(c if c.isalnum() or c in "-_+." else "_" for c in spectrum.name) or "spectrum"
    path = folder / f"{name}-{spectrum.content_hash[:8]}.fits"
    write_table(
        {
            "wavelength": spectrum.wavelength.tolist(),
            "flux": spectrum.flux.tolist(),
            "ivar": spectrum.ivar.tolist(),
        },
        path,
        units={"wavelength": "Angstrom", "flux": spectrum.flux_unit}
        if spectrum.flux_unit
        else {"wavelength": "Angstrom"},
    )
    return path


def write_votable(
    columns: Mapping[str, Sequence[Any]], types: Mapping[str, type], folder: Path, name: str
) -> Path:
    """Write a table of spectra as VOTable, to be sent."""
    from mtop_gui.io.table_files import write_table

    path = folder / f"{name}.vot"
    write_table(columns, path, types=types, units={"ra": "deg", "dec": "deg"})
    return path


def read_votable(path: Path) -> list[tuple[str, int, str]]:
    """Read which spectra a received table names: (file, row, name) of each of its rows, "" where it does not say.

    Raises
    ------
    MtopError : the table cannot be read.
    """
    from mtop_gui.io.table_files import read_table

    if path.suffix.lower() not in (".vot", ".xml"):
        raise MtopError(f"{path.name} is no VOTable.")
    if path.suffix.lower() == ".xml":
        copy = path.with_suffix(".vot")
        shutil.copyfile(path, copy)
        path = copy
    table = {name.lower(): values for name, values in read_table(path).items()}
    count = len(next(iter(table.values()), []))
    files, rows, names = (table.get(key, [None] * count) for key in ("file", "row", "name"))
    return [
        (str(file or ""), int(row) if isinstance(row, int | float) else 0, str(name or ""))
        for file, row, name in zip(files, rows, names, strict=True)
    ]
