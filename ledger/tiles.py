"""A log as files (C2SP tlog-tiles): a checkpoint, tiles of 256 hashes, and bundles of 256 entries."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lottery import tree

WIDTH = 256
CHECKPOINT = "checkpoint"
KEY = "vkey"  # beside the log, for whoever has no key of their own
LARGEST = 2**16 - 1  # bytes of an entry


class Broken(Exception):
    """A file of the log that is missing or cannot be what it says it is."""

    def __init__(self, name: str, why: str = "missing or cut short") -> None:
        super().__init__(name, why)
        self.name, self.why = name, why


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """Of a level of the tree, or of `entries`; a tile that is not full says how wide it is."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return f"tile/{level}/{'/'.join(reversed(groups))}{'' if width == WIDTH else f'.p/{width}'}"


def tiles(size: int) -> Iterator[tuple[int, int]]:
    """Of so many things: the number and the width of each tile."""
    for number in range(-(-size // WIDTH)):
        yield number, min(WIDTH, size - number * WIDTH)


def read_tile(folder: Path, level: int | str, number: int, width: int) -> bytes:
    """A full tile stands in for one that is not: the log has grown since."""
    for path in (tile_path(level, number, width), tile_path(level, number)):
        try:
            return (folder / path).read_bytes()
        except OSError:
            continue
    raise Broken(tile_path(level, number, width))


def hashes(data: bytes, width: int, name: str) -> list[bytes]:
    if len(data) % 32 or len(data) < 32 * width:
        raise Broken(name)
    return [data[at : at + 32] for at in range(0, 32 * width, 32)]


def entries(data: bytes, width: int, name: str) -> list[bytes]:
    """Each with its length before it, in two bytes."""
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or end < at + 2:
            raise Broken(name)
        found.append(data[at + 2 : end])
        at = end
    if len(found) < width:
        raise Broken(name)
    return found[:width]


def write(folder: Path, leaves: Iterable[bytes]) -> tuple[int, bytes]:
    """Bundles and tiles of all levels; answers size and root. Whoever calls it writes the checkpoint last."""
    bundle: list[bytes] = []
    roots: list[bytes] = []
    size = 0
    for data in leaves:
        if len(data) > LARGEST:
            raise ValueError("an entry has at most 65,535 bytes")
        bundle.append(data)
        size += 1
        if len(bundle) == WIDTH:
            roots.append(_write_bundle(folder, size // WIDTH - 1, bundle))
            bundle = []
    level = list(roots)
    if bundle:
        roots.append(_write_bundle(folder, size // WIDTH, bundle))
    height = 1
    while level:
        for number, width in tiles(len(level)):
            _write(folder, tile_path(height, number, width), b"".join(level[number * WIDTH : number * WIDTH + width]))
        level, height = above(level), height + 1
    return size, tree.top(roots)


def above(level: list[bytes]) -> list[bytes]:
    """The roots of the full tiles of a level."""
    return [tree.top(level[at : at + WIDTH]) for at in range(0, len(level) - WIDTH + 1, WIDTH)]


def _write_bundle(folder: Path, number: int, bundle: list[bytes]) -> bytes:
    level = [tree.leaf_hash(data) for data in bundle]
    data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in bundle)
    _write(folder, tile_path("entries", number, len(bundle)), data)
    _write(folder, tile_path(0, number, len(bundle)), b"".join(level))
    return tree.top(level)


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
