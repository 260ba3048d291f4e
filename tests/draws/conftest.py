import pytest

from tests.draws.story import Story
from tests.support.world import World


@pytest.fixture
def story(world: World) -> Story:
    return Story(world)
