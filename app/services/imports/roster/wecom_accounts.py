"""The WeCom account a row names: whose it is already, and whom it is given. Nothing moves from one to another here."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Person, WeChatIdentity
from app.services.identity import binding
from app.services.imports.roster.row_reader import COLUMNS, Member
from app.services.tables.records import Fault

USER_ID = re.compile("[a-z0-9][a-z0-9_.@-]{0,63}")  # compared without case, kept small


class Accounts:
    """Who is known to the hospital's WeCom; without one (no `corpid`) the column says nothing."""

    def __init__(self, session: Session, corpid: str) -> None:
        self._session, self._corpid = session, corpid
        known = select(WeChatIdentity).where(WeChatIdentity.appid == corpid)
        self._identities = {one.openid: one for one in session.scalars(known)} if corpid else {}
        self._openid_of = {one.person_id: one.openid for one in self._identities.values() if one.person_id is not None}
        self._named: set[str] = set()

    def account_for(self, member: Member, person: Person | None) -> str | Fault:
        """The account this row newly gives somebody, empty for none; or why it cannot be theirs."""
        user_id = member.wecom.lower() if self._corpid else ""
        has = self._openid_of.get(person.id, "") if person else ""
        if user_id in {"", has}:
            return ""
        code = self._trouble(user_id, has)
        self._named.add(user_id)
        return Fault(member.line, COLUMNS["wecom"][0], member.wecom, code, (), member.last) if code else user_id

    def _trouble(self, user_id: str, has: str) -> str:
        if not USER_ID.fullmatch(user_id):
            return "wecom_form"
        if user_id in self._named:
            return "wecom_twice"
        if has:
            return "wecom_has_another"
        bound = user_id in self._identities and self._identities[user_id].person_id is not None
        return "wecom_of_another" if bound else ""

    def give(self, user_id: str, person: Person, *, at: datetime) -> None:
        identity = self._identities.get(user_id)
        if identity is None:
            identity = WeChatIdentity(appid=self._corpid, openid=user_id, first_seen_at=at)
            self._session.add(identity)
            self._session.flush()
        binding.attach(self._session, identity, person.id, at=at)
