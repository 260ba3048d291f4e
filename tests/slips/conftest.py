import pytest

from app.runtime import Runtime
from tests.scan.forms import Slip


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)
