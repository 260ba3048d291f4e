"""What is told of somebody's data and of what they agree to."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.accounts import SandboxAccount

# Not the user: what is told of their data comes from the platform.
PLATFORM = "oPlatformPusher-000000000000"

Fields = dict[str, object]


@dataclass(frozen=True)
class DataEvent:
    """`info` is the number of the datum: 6 nickname and picture, 8 telephone number."""

    label: str
    english: str
    event: str
    info: str | None = None

    def fields(self, account: SandboxAccount, openid: str) -> Fields:
        fields_of_all = {"MsgType": "event", "Event": self.event, "OpenID": openid, "AppID": account.appid}
        return {**fields_of_all, "RevokeInfo": self.info} if self.info else dict(fields_of_all)


DATA_EVENTS: Mapping[str, DataEvent] = {
    "modified": DataEvent("修改资料", "Change the profile", "user_info_modified", "6"),
    "revoked": DataEvent("撤回手机号授权", "Take back the telephone number", "user_authorization_revoke", "8"),
    "cancelled": DataEvent("注销微信号", "Close the WeChat account", "user_authorization_cancellation"),
}


def agreement(template_id: str, *, accepted: bool) -> Fields:
    """The answer of somebody who was asked for messages of a template."""
    status = "accept" if accepted else "reject"
    entry = {"TemplateId": template_id, "SubscribeStatusString": status, "PopupScene": "0"}
    return {"MsgType": "event", "Event": "subscribe_msg_popup_event", "List": [entry]}


def withdrawal(template_id: str) -> Fields:
    """Later, in the settings of the mini-program."""
    entry = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
    return {"MsgType": "event", "Event": "subscribe_msg_change_event", "List": [entry]}
