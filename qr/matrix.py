"""The symbol of an address as one integer: the symbols of the `qrcode` package bit for bit, without its waiting.

With version, level and length fixed, a symbol is linear over GF(2) in its bytes: what each byte contributes is
looked up in a table made once of qrcode's own codewords, and the penalty of a mask is counted by shifts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import xor
from typing import Literal

import qrcode
from qrcode import constants, util
from qrcode.base import gexp, glog, rs_blocks

from qr.penalty import Penalty

Level = Literal["L", "M", "Q", "H"]
LEVELS: dict[Level, int] = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}
GREATEST_VERSION = 10
_BYTES: Literal[4] = 4  # the mode: 8-bit bytes
_MASKS = range(8)
_SOME = b"U"  # qrcode cannot correct a block of nothing but zeros


class TooLong(ValueError):
    """More bytes than the greatest symbol we print can hold."""


@dataclass(frozen=True)
class Symbol:
    """`bits` has a one for each dark module, the module at the top left first (as the highest bit)."""

    version: int
    mask: int
    bits: int

    @property
    def side(self) -> int:
        return 17 + 4 * self.version

    def rows(self) -> Iterator[int]:
        """The rows from the top, each an integer of `side` bits, leftmost first."""
        whole = (1 << self.side) - 1
        for row in reversed(range(self.side)):
            yield self.bits >> row * self.side & whole

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """The dark stretches of every row: left, top, width."""
        for top, row in enumerate(self.rows()):
            left = 0
            for light in f"{row:0{self.side}b}".split("0"):
                if light:
                    yield left, top, len(light)
                left += len(light) + 1


def symbol(text: str, level: Level) -> Symbol:
    """The smallest symbol that holds this text as bytes, under the mask with the lowest penalty."""
    data = text.encode()
    tables = _tables(_version(len(data), level), level)
    plain = reduce(xor, map(list.__getitem__, tables.bytes, data), tables.blank(len(data)))
    best = min(_MASKS, key=lambda mask: tables.penalty.total(plain ^ tables.tried[mask]))
    return Symbol(tables.version, best, plain ^ tables.finished[best])


@lru_cache
def _version(length: int, level: Level) -> int:
    for version in range(1, GREATEST_VERSION + 1):
        if length <= _capacity(version, level):
            return version
    raise TooLong


def _capacity(version: int, level: Level) -> int:
    bits = sum(8 * block.data_count for block in rs_blocks(version, LEVELS[level]))
    return (bits - 4 - util.length_in_bits(_BYTES, version)) // 8


@lru_cache
def _tables(version: int, level: Level) -> "_Tables":
    return _Tables(version, level)


class _Tables:
    """What makes up the symbols of one version and level, as matrices.

    `tried` are the frames under which qrcode weighs the masks (format and version left white), `finished` those it
    prints; both with their mask.
    """

    def __init__(self, version: int, level: Level) -> None:
        self.version = version
        self._level = LEVELS[level]
        self._blocks = rs_blocks(version, self._level)
        self._filler = list(_SOME) * sum(block.data_count for block in self._blocks)
        self.penalty = Penalty(17 + 4 * version)
        self.tried = [self._frame(b"", mask, trial=True) for mask in _MASKS]
        self.finished = [self._frame(b"", mask) for mask in _MASKS]
        self._places = self._find_places()
        self._blanks: dict[int, int] = {}
        self.bytes = self._contributions(_capacity(version, level))

    def blank(self, length: int) -> int:
        """Header, padding and correction for so many bytes, before what the bytes contribute."""
        if length not in self._blanks:
            some = _SOME * length
            self._blanks[length] = reduce(xor, map(list.__getitem__, self.bytes, some), self._laid_out(some))
        return self._blanks[length]

    def _contributions(self, capacity: int) -> list[list[int]]:
        """For each place among the bytes and each value there: the modules it turns over."""
        bits = [turned for word in range(len(self._filler)) for turned in self._turned_by_bits_of(word)]
        head = 4 + util.length_in_bits(_BYTES, self.version)
        tables = []
        for place in range(capacity):
            first = head + 8 * place
            table = [0]
            for turned in reversed(bits[first : first + 8]):
                table += [turned ^ known for known in table]
            tables.append(table)
        return tables

    def _turned_by_bits_of(self, word: int) -> list[int]:
        """What each bit of a data codeword turns over, highest first: multiples in GF(256) of what the lowest does."""
        words = self._filler.copy()
        words[word] ^= 1
        turned = [a ^ b for a, b in zip(self._corrected(words), self._corrected(self._filler), strict=True)]
        return [self._modules(bytes(gexp(glog(one) + bit) if one else 0 for one in turned)) for bit in range(7, -1, -1)]

    def _corrected(self, words: list[int]) -> list[int]:
        buffer = util.BitBuffer()
        for word in words:
            buffer.put(word, 8)
        return util.create_bytes(buffer, self._blocks)

    def _laid_out(self, data: bytes) -> int:
        content = util.QRData(data, mode=_BYTES)
        return self._modules(bytes(util.create_data(self.version, self._level, [content])))

    def _modules(self, words: bytes) -> int:
        bits = f"{int.from_bytes(words, 'big'):0{8 * len(words)}b}"
        return sum(place for place, bit in zip(self._places, bits, strict=True) if bit == "1")

    def _find_places(self) -> list[int]:
        """The module of each bit of the codewords, found by laying out the bits of their own numbers."""
        count = 8 * sum(block.total_count for block in self._blocks)
        numbers: dict[int, int] = {}
        for digit in range(count.bit_length()):
            probe = "".join(str((number >> digit) & 1) for number in range(1, count + 1))
            turned = self._frame(int(probe, 2).to_bytes(count // 8, "big"), 0) ^ self.finished[0]
            while turned:
                place = turned & -turned
                numbers[place] = numbers.get(place, 0) | 1 << digit
                turned ^= place
        return sorted(numbers, key=numbers.__getitem__)

    def _frame(self, words: bytes, mask: int, *, trial: bool = False) -> int:
        code = qrcode.QRCode(version=self.version, error_correction=self._level)
        code.data_cache = list(words)
        code.makeImpl(trial, mask)
        return int("".join("1" if dark else "0" for row in code.modules for dark in row), 2)
