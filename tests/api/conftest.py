from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import Person, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from sandbox.accounts import MINI
from sandbox.phones import PHONES
from tests.support.phone import Phone
from tests.support.wechat import Sandbox
from tests.support.world import World

TakePhone = Callable[..., Phone]
TokenOf = Callable[[Ticket], str]


@pytest.fixture
def environ(environ: dict[str, str], wechat: Sandbox) -> dict[str, str]:
    mini = {"WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret}
    return {**environ, **mini, "WECHAT_API_URL": wechat.url}


@pytest.fixture
def take_phone(app: Flask, wechat: Sandbox, world: World) -> TakePhone:
    """`take_phone("nurse", world.nurse)`: her mini-program, signed in, agreed, bound if a person is given."""

    def take(name: str, person: Person | None = None, *, agreed: bool = True) -> Phone:
        phone = Phone(app.test_client())
        assert phone.sign_in(wechat.code(name)).status_code == 201
        with world.database.transaction() as session:
            identity = session.scalars(
                select(WeChatIdentity).where(
                    WeChatIdentity.appid == MINI.appid, WeChatIdentity.openid == PHONES[name].mini_openid
                )
            ).one()
            identity.person_id = person.id if person else None
            identity.privacy_version = PRIVACY_VERSION if agreed else None
        return phone

    return take


@pytest.fixture
def nurse(take_phone: TakePhone, world: World) -> Phone:
    return take_phone("nurse", world.nurse)


@pytest.fixture
def token_of(runtime: Runtime) -> TokenOf:
    """What the code on the slip carries."""
    return lambda ticket: runtime.links.ticket_path(ticket.id).removeprefix("/r/")
