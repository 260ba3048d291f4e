"""A tree that grows by its perfect parts has the root of the whole, however the leaves came together."""

import pytest

from lottery import tree


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_the_parts_give_the_root_of_the_whole(size: int) -> None:
    level = [tree.leaf_hash(bytes([number % 256, number // 256])) for number in range(size)]
    at_once = tree.extended([], 0, level)
    for cut in {0, 1, size // 2, size}:
        some = tree.extended([], 0, level[:cut])
        assert tree.extended(some, min(cut, size), level[cut:]) == at_once
    assert tree.folded(at_once) == tree.top(level)
    assert len(at_once) == size.bit_count()
