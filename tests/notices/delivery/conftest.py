from collections.abc import Iterator

import pytest

from app.runtime import Runtime
from sandbox.server import Running
from tests.support.letters import Letters
from tests.support.wechat import Sandbox, renewed
from tests.support.world import World


@pytest.fixture
def sandbox(kept_sandbox: Running) -> Sandbox:
    return renewed(kept_sandbox)  # not `wechat`, which is a process of its own where the worker is killed


@pytest.fixture
def environ(environ: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    return {**environ, "WECHAT_API_URL": sandbox.url, "WECHAT_OPEN_URL": sandbox.url}


@pytest.fixture
def letters(runtime: Runtime, world: World) -> Iterator[Letters]:
    made = Letters(runtime, world)
    yield made
    for other in made.others:
        other.database.engine.dispose()
