import pytest

from app.runtime import Runtime
from tests.support.scan_forms import Slip


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)
