"""The Merkle tree of RFC 9162, section 2.1, with SHA-256. Its root does not say how many leaves there are."""

from collections.abc import Iterable, Sequence
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Of the leaf data, in their order; of no leaf at all it is the hash of nothing."""
    return top([leaf_hash(data) for data in leaves])


def top(level: Sequence[bytes]) -> bytes:
    """The root above a whole level of the tree, whatever its height."""
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else sha256().digest()


def proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root, the leaf's neighbour first."""
    return path(levels([leaf_hash(data) for data in leaves]), index)


def levels(level: Sequence[bytes]) -> list[Sequence[bytes]]:
    """All that stands above such a level, itself first and the root last."""
    found = [level]
    while len(found[-1]) > 1:
        found.append(_above(found[-1]))
    return found


def path(levels: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The neighbours on the way up from the lowest level; at the right edge some have none."""
    ways = ((level, index >> height ^ 1) for height, level in enumerate(levels))
    return [level[neighbour] for level, neighbour in ways if neighbour < len(level)]


def proves(path: Sequence[bytes], leaf: bytes, *, index: int, size: int, root: bytes) -> bool:
    """Whether a proof leads from this leaf hash, the `index`-th of `size`, to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(value) != 32 for value in (leaf, root, *path)):
        return False
    here, last, found = index, size - 1, leaf
    for neighbour in path:
        if last == 0:
            return False
        if here % 2 or here == last:
            found = _node(neighbour, found)
            while here and not here % 2:  # without a neighbour on its right it was carried up as it is
                here, last = here // 2, last // 2
        else:
            found = _node(found, neighbour)
        here, last = here // 2, last // 2
    return last == 0 and found == root


def consistency(leaves: Sequence[bytes], older: int) -> list[bytes]:
    """The hashes that show that a tree of the first `older` leaves grew into this one (RFC 9162, 2.1.4.1)."""
    return _grown([leaf_hash(data) for data in leaves], older, known=True)


def grew(path: Sequence[bytes], *, older: int, newer: int, old_root: bytes, new_root: bytes) -> bool:
    """Whether such a proof leads from the older root to the newer one (RFC 9162, 2.1.4.2).

    From no leaf at all nothing is shown: every tree has grown from that.
    """
    if older == newer:
        return older > 0 and not path and old_root == new_root
    if not 0 < older < newer or not path or any(len(value) != 32 for value in (old_root, new_root, *path)):
        return False
    steps = [old_root, *path] if older & (older - 1) == 0 else list(path)
    here, last = older - 1, newer - 1
    while here % 2:
        here, last = here // 2, last // 2
    was = becomes = steps[0]
    for neighbour in steps[1:]:
        if last == 0:
            return False
        if here % 2 or here == last:
            was, becomes = _node(neighbour, was), _node(neighbour, becomes)
            while here and not here % 2:
                here, last = here // 2, last // 2
        else:
            becomes = _node(becomes, neighbour)
        here, last = here // 2, last // 2
    return last == 0 and was == old_root and becomes == new_root


def extended(peaks: Sequence[bytes], size: int, level: Iterable[bytes]) -> list[bytes]:
    """The roots of the perfect trees that a tree of so many leaves consists of, the largest first, with more leaves.

    So a log grows without its leaves being read again.
    """
    found = list(peaks)
    for one in level:
        found.append(one)
        size, right = size + 1, size + 1
        while not right % 2:
            last = found.pop()
            found[-1], right = _node(found[-1], last), right // 2
    return found


def folded(peaks: Sequence[bytes]) -> bytes:
    """The root above such perfect trees."""
    if not peaks:
        return sha256().digest()
    found = peaks[-1]
    for one in reversed(peaks[:-1]):
        found = _node(one, found)
    return found


def _grown(level: Sequence[bytes], older: int, *, known: bool) -> list[bytes]:
    """`known`: the verifier has the root of just this part already."""
    if older == len(level):
        return [] if known else [top(level)]
    half = 1 << (len(level) - 1).bit_length() - 1
    if older <= half:
        return [*_grown(level[:half], older, known=known), top(level[half:])]
    return [*_grown(level[half:], older - half, known=False), top(level[:half])]


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
