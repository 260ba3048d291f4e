import pytest
from flask.testing import FlaskClient

from app.runtime import Runtime
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.world import World


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)


@pytest.fixture
def engineer(world: World, phone: Phone) -> FlaskClient:
    return phone(world.engineer_identity)
