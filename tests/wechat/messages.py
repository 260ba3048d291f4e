from typing import TypedDict

from sandbox.phones import PHONES

ENGINEER = PHONES["engineer"].openid
SEND = "/cgi-bin/message/template/send"
TOKEN = "/cgi-bin/stable_token"


class Template(TypedDict):
    template_id: str
    fields: dict[str, str]
    url: str
    client_msg_id: str


def finished(
    client_msg_id: str = "notice-7", template_id: str = "sandbox-finished", time: str = "2026年11月20日 16:30"
) -> Template:
    return {
        "template_id": template_id,
        "fields": {"character_string1": "T20261120-0007", "thing2": "打印机", "time3": time},
        "url": "http://localhost:8000/r/abc",
        "client_msg_id": client_msg_id,
    }


FINISHED = finished()
