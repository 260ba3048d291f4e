"""Everything one needs to check a draw alone, in one archive: the published files, the verifier, how to run it."""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import IO, BinaryIO, cast

from sqlalchemy.orm import Session

import lottery
from app.models import Draw
from app.paths import ROOT
from app.services.draws import published_files
from app.services.draws.merkle_list import Bytes, Progress
from app.services.draws.published_files import File

README = """\
# {draw_id}

draw/      本次抽奖公布的全部文件。 All published files of this draw.
play.html  有结果以后：用浏览器打开，不连网也能从头放一遍。 The result, played again in a browser without network.
lottery/   核对程序，只需要 Python 3.11 或更新版本，不用安装别的。 The verifier; it needs nothing but Python 3.11.

解压后在这个文件夹里运行：  Unpack, and in this folder run:

    python -m lottery verify draw

它从头重算：名单的哈希、号码得出的种子、每个人的顺序、每张中奖的证明。全部为真时退出码为 0；第一处不符时说明应为什么、
实为什么，退出码为 1。
It computes everything again: the hash of the list, the seed from the public numbers, the order, every proof. Exit
status 0 when all is true; at the first lie it says what it expected and what it found, and exits 1.

请自己到彩票机构的网站核对 result-*.json 里的开奖号码，并把 commit-*.json 的哈希和当时公布的对照。
Compare the numbers in result-*.json with those of the lottery itself, and the hash of commit-*.json with what was
published at the time.

公布文件的哈希  SHA-256 of the published files:

{hashes}
"""
_WHEN = (2000, 1, 1, 0, 0, 0)  # the same files make the same archive


def write(
    session: Session,
    draw: Draw,
    to: BinaryIO,
    progress: Progress = lambda _done: None,
    played: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    def read(file: File) -> Iterator[bytes]:
        for part in published_files.content(session, file):
            progress(len(part))
            yield part

    for part in stream(draw.draw_id, published_files.all_of(session, draw), read, played):
        to.write(part)


def stream(
    draw_id: str,
    published: Sequence[File],
    read: Callable[[File], Iterable[bytes]],
    played: Mapping[str, bytes] = MappingProxyType({}),
) -> Iterator[bytes]:
    """The archive as it is made, so that a list of millions never lies anywhere whole.

    `played`: pages beside the published files; the verifier judges the folder `draw` alone.
    """
    made = _Buffer()
    with zipfile.ZipFile(cast(IO[bytes], made), "w") as archive:
        hashes = "\n".join(f"    {file.sha256}  {file.name}" for file in published)
        _add(archive, "README.md", README.format(draw_id=draw_id, hashes=hashes).encode())
        for path in _verifier():
            _add(archive, f"lottery/{path.name}", path.read_bytes())
        for name, content in sorted(played.items()):
            _add(archive, name, content)
        for file in published:
            # A list is as good as random: it does not get smaller.
            with archive.open(_named(f"draw/{file.name}", zipfile.ZIP_STORED), "w", force_zip64=True) as entry:
                for part in read(file):
                    entry.write(part)
                    yield made.fetch()
    yield made.fetch()


def digest(published: Sequence[File], played: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """Of all that makes the archive, so that who has an older verifier is given the newer."""
    parts = [README.encode(), *(path.name.encode() + path.read_bytes() for path in _verifier())]
    parts += [name.encode() + content for name, content in sorted(played.items())]
    return sha256(b"".join([*(file.sha256.encode() for file in published), *parts])).hexdigest()


class _Buffer:
    """What the archive has written and nobody has fetched yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: Bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass  # nothing waits elsewhere

    def fetch(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _verifier() -> list[Path]:
    return sorted((ROOT / lottery.__name__).glob("*.py"))


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_named(name, zipfile.ZIP_DEFLATED), content)


def _named(name: str, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _WHEN)
    info.compress_type = compression
    info.external_attr = 0o644 << 16
    return info
