"""What somebody agrees to, takes back or changes on their phone is pushed to whom it concerns."""

import json

import pytest
import requests

from sandbox.accounts import ACCOUNTS, MINI, SERVICE
from sandbox.events import PLATFORM
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import MINI_CREDENTIALS, Listener, utf8
from tests.sandbox.test_mini import MESSAGE, SEND
from tests.sandbox.test_pushes import decrypted, tap, until

NURSE = PHONES["nurse"]
FINISHED = "sandbox-mini-finished"


@pytest.mark.parametrize(
    ("answer", "event", "status", "left"),
    [
        ("accept", "subscribe_msg_popup_event", "accept", 2),
        ("reject", "subscribe_msg_popup_event", "reject", 1),
        ("withdraw", "subscribe_msg_change_event", "reject", 0),
    ],
)
def test_an_answer_about_messages_is_pushed_and_counted(
    answer: str, event: str, status: str, left: int, sandbox: Running, listener: Listener
) -> None:
    tap(sandbox, "nurse", "agree", template_id=FINISHED, answer="accept")
    until(lambda: len(listener.got) == 1)
    shown = tap(sandbox, "nurse", "agree", template_id=FINISHED, answer=answer).text
    until(lambda: len(listener.got) == 2)

    told = pushed(listener)
    assert (told["Event"], told["FromUserName"]) == (event, NURSE.mini_openid)
    assert entry(told)["TemplateId"] == FINISHED
    assert entry(told)["SubscribeStatusString"] == status
    assert f"服务完成通知：还可以发 {left} 次" in shown


@pytest.mark.parametrize("form", [{}, {"template_id": "sandbox-urged", "answer": "accept"}, {"template_id": FINISHED}])
def test_an_answer_to_nothing_is_refused(form: dict[str, str], sandbox: Running) -> None:
    assert tap(sandbox, "nurse", "agree", **form).json()["errcode"] == 40037


def test_a_sent_subscription_is_told_of(sandbox: Running, listener: Listener) -> None:
    tap(sandbox, "nurse", "agree", template_id=FINISHED, answer="accept")
    until(lambda: len(listener.got) == 1)
    token = requests.post(f"{sandbox.url}/cgi-bin/stable_token", json=MINI_CREDENTIALS, timeout=5).json()[
        "access_token"
    ]
    reply = requests.post(sandbox.url + SEND, params={"access_token": token}, data=utf8(MESSAGE), timeout=5).json()
    until(lambda: len(listener.got) == 2)

    told = pushed(listener)
    assert told["Event"] == "subscribe_msg_sent_event"
    assert entry(told) == {
        "TemplateId": FINISHED,
        "MsgID": str(reply["msgid"]),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    }
    inbox = requests.get(f"{sandbox.url}/phone/nurse/inbox", timeout=5).text
    assert "服务完成通知" in inbox
    assert "/open?" not in inbox  # a page of the mini-program is no address


@pytest.mark.parametrize(
    ("event", "name", "info"),
    [
        ("modified", "user_info_modified", "6"),
        ("revoked", "user_authorization_revoke", "8"),
        ("cancelled", "user_authorization_cancellation", None),
    ],
)
def test_what_becomes_of_his_data_is_told_both_accounts_by_the_platform(
    event: str, name: str, info: str | None, sandbox: Running, listener: Listener
) -> None:
    tap(sandbox, "nurse", "data", event=event)
    until(lambda: len(listener.got) == 2)

    told = {}
    for path, query, body in listener.got:
        known = path.rpartition("/")[2]
        told[known] = decrypted(known, query, body, ACCOUNTS[known].form)
    for account, openid in ((SERVICE, NURSE.openid), (MINI, NURSE.mini_openid)):
        said = told[account.name]
        assert (said["Event"], said["FromUserName"], said["OpenID"]) == (name, PLATFORM, openid)
        assert (said["AppID"], said.get("RevokeInfo")) == (account.appid, info)


def test_what_cannot_become_of_data_is_refused(sandbox: Running) -> None:
    assert tap(sandbox, "nurse", "data", event="sold").json()["errcode"] == 40066


def test_a_page_of_the_menu_is_told_with_its_address(sandbox: Running, listener: Listener) -> None:
    tap(sandbox, "nurse", "view")
    until(lambda: len(listener.got) == 1)

    told = decrypted("service", *listener.got[0][1:], "xml")
    assert (told["Event"], told["EventKey"].endswith("/my")) == ("VIEW", True)


def pushed(listener: Listener) -> dict[str, str]:
    return decrypted("mini", *listener.got[-1][1:], "json")


def entry(told: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = json.loads(told["List"].replace("'", '"'))
    return found
