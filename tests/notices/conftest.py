import pytest

from app.runtime import Runtime
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World


@pytest.fixture
def environ(environ: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """A test may set what it needs: `@pytest.mark.parametrize("environ", [{...}], indirect=True)`."""
    return {**environ, **getattr(request, "param", {})}


@pytest.fixture
def told(runtime: Runtime, world: World) -> Told:
    return Told(runtime, world)


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)
