"""How much a scanner dislikes a symbol (ISO/IEC 18004, 7.8.3), counted as the `qrcode` package counts it."""


class Penalty:
    """For symbols of one side: a matrix is an integer of side x side bits.

    Which corner comes first does not matter: all four rules are the same for a symbol stood on its head.
    """

    def __init__(self, side: int) -> None:
        def columns(count: int) -> int:
            return sum(((1 << count) - 1) << row * side for row in range(side))

        self._side = side
        self._all = (1 << side * side) - 1
        self._has_right, self._has_below = columns(side - 1), self._all >> side
        self._starts = ((1, columns(side - 10)), (side, self._all >> 10 * side))
        self._balance = [int(abs(dark / side**2 * 100 - 50) / 5) * 10 for dark in range(side**2 + 1)]

    def total(self, dark: int) -> int:
        side = self._side
        right = ~(dark ^ dark >> 1) & self._has_right
        below = ~(dark ^ dark >> side) & self._has_below
        blocks = (right & below & right >> side).bit_count()
        light = dark ^ self._all
        finders = sum(_finders(dark, light, step, starts) for step, starts in self._starts)
        return _runs(right, 1) + _runs(below, side) + 3 * blocks + 40 * finders + self._balance[dark.bit_count()]


def _runs(alike: int, step: int) -> int:
    """Length - 2 for every run of at least five modules: its windows of five, and two more."""
    pairs = alike & alike >> step
    fives = pairs & pairs >> 2 * step
    return fives.bit_count() + 2 * (fives & ~(fives << step)).bit_count()


def _finders(dark: int, light: int, step: int, starts: int) -> int:
    """Stretches that look like a finder's middle, 1011101, with four light modules before or behind."""
    eyes = dark & dark >> 2 * step & dark >> 3 * step & dark >> 4 * step & dark >> 6 * step
    eyes &= light >> step & light >> 5 * step
    pairs = light & light >> step
    fours = pairs & pairs >> 2 * step
    return (eyes & fours >> 7 * step & starts).bit_count() + (eyes >> 4 * step & fours & starts).bit_count()
