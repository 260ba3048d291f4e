"""`/draws` and `/draws/<id>`: everything that is public, to everybody the same."""

import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.models import DrawCheckpoint, DrawObjection
from app.services.draws import bundle, checkpoints, claims, published_files
from lottery.verify import verify
from tests.conftest import Console, Phone
from tests.draws.story import (
    ANNOUNCED,
    CLAIMED,
    COMMITTED,
    DRAW_ID,
    DRAWN,
    DURING,
    EXPIRED,
    NUMBERS,
    REDRAWN,
    Fields,
    Story,
)
from tests.support.world import World

PAGE = f"/draws/{DRAW_ID}"


def test_without_a_draw_the_list_says_so(client: FlaskClient, world: World) -> None:
    assert "还没有公布抽奖" in client.get("/draws").text


def test_the_start_page_leads_to_the_draws_once_there_is_one(story: Story, client: FlaskClient) -> None:
    assert 'href="/draws"' not in client.get("/").text
    story.announce()
    assert 'href="/draws"' in client.get("/").text


def test_an_announced_draw_shows_its_rules_and_counts_down(story: Story, client: FlaskClient) -> None:
    story.now_is(ANNOUNCED + timedelta(hours=1)).announce()
    page = client.get(PAGE).text
    assert f'href="{PAGE}"' in client.get("/draws").text
    assert "评价进行中" in page
    assert "评价截止：还有" in page
    with story.drawing() as (session, draw):
        digits, told = draw.announcement_sha256, published_files.announced(session, draw)
    assert fours(digits) in page
    for said in (told["eligibility"], told["privacy"], told["tax"], told["tiers"][0]["prize"]):
        assert said in page
    assert "结果</h2>" not in page


def test_the_counts_move_in_steps_from_which_nobody_is_read(story: Story, client: FlaskClient) -> None:
    story.now_is(DURING).announce()
    first = DURING.date()
    counts = {0: 4, 1: 5, 2: 11, 7: 12, 8: 16, 14: 16, 15: 21, 16: 31, 21: 32, 28: 36, 29: 99}
    with story.drawing() as (session, draw):
        for days, entries in counts.items():
            day = {"day": first + timedelta(days=days), "entries": entries, "tickets": entries, "root": f"{days:064x}"}
            session.add(DrawCheckpoint(draw_id=draw.id, at=DURING, **day))
    page = client.get(PAGE).text
    assert re.findall(r"(\d+) 人，", page) == ["32", "12"]
    # Nor is a root: another one than yesterday's would say that somebody has rated.
    assert {days for days in counts if fours(f"{days:064x}") in page} == {7, 21}


def test_whether_anybody_rated_on_a_day_is_told_by_no_checkpoint() -> None:
    """Two quarters that are the same but for one rating on one day."""
    for day in range(1, 21):
        told = []
        for more in (0, 1):
            entries = [7 + more * (days >= day) for days in range(21)]
            written = [
                DrawCheckpoint(
                    day=DURING.date() + timedelta(days=days), entries=count, tickets=count, root=f"{count:064x}"
                )
                for days, count in enumerate(entries)
            ]
            told.append([(one.day, one.entries, one.root) for one in checkpoints.published(written)])
        assert told[0] == told[1] != []


def test_a_locked_list_shows_its_root_and_its_departments(story: Story, client: FlaskClient) -> None:
    story.now_is(COMMITTED + timedelta(hours=1)).people(20)
    story.announce()
    commit = story.commit()
    page = client.get(PAGE).text
    assert fours(commit["root"]) in page
    assert "<dt>呼吸内科</dt><dd>20</dd>" in page
    assert f"大约每 {round(20 / prizes(story))} 人有一份奖" in page
    assert f"{PAGE}/check" in page


def test_numbers_appear_when_all_of_them_stand(story: Story, client: FlaskClient) -> None:
    story.now_is(DRAWN).people(20)
    story.announce()
    story.commit()
    values = [value for _source, _issue, value in NUMBERS[1]]
    for source, issue, value in NUMBERS[1]:
        story.type(source, issue, value, by=story.world.admin)
    assert not any(value in client.get(PAGE).text for value in values)
    for source, issue, value in NUMBERS[1]:
        story.type(source, issue, value, by=story.world.supervisor)
    assert all(client.get(PAGE).text.count(value) == 1 for value in values)
    story.run()
    assert all(client.get(PAGE).text.count(value) == 1 for value in values)


def test_a_result_shows_entries_and_only_the_names_that_were_agreed_to(story: Story, client: FlaskClient) -> None:
    first, second = winners(story.now_is(CLAIMED).drawn())[:2]
    with story.drawing() as (session, _draw):
        names = [story.person_of(session, one).name for one in (first, second)]
    story.claim(first, show_name=True)
    story.claim(second)
    page = client.get(PAGE).text
    assert page.count("已领") == 2
    assert [name in page for name in names] == [False, False]
    assert page.count("职*") == 1
    for one in (first, second):
        assert fours(one["entry"][:16]) in page


@pytest.mark.parametrize("path", ["/draws/none", "/draws/none/files/announcement.json", "/draws/none/bundle.zip"])
def test_an_unknown_draw_is_a_friendly_404(client: FlaskClient, world: World, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "没有这次抽奖" in answer.text) == (404, True)


@pytest.mark.parametrize(
    "name", ["commit-1.json", "key", "..%2f..%2fetc%2fpasswd", "..", "announcement.json/..", "ANNOUNCEMENT.JSON", "%25"]
)
def test_only_published_names_are_files(story: Story, client: FlaskClient, name: str) -> None:
    story.announce()
    assert client.get(f"{PAGE}/files/{name}").status_code in {404, 308}


def test_every_file_comes_as_it_was_published(story: Story, client: FlaskClient, tmp_path: Path) -> None:
    story.drawn()
    with story.drawing() as (session, draw):
        published = published_files.all_of(session, draw)
    for file in published:
        answer = client.get(f"{PAGE}/files/{file.name}")
        assert sha256(answer.data).hexdigest() == file.sha256
        assert (answer.content_length, answer.headers["ETag"]) == (file.size, f'"{file.sha256}"')
        assert answer.mimetype == {"json": "application/json", "bin": "application/octet-stream"}.get(
            file.name.rpartition(".")[2], "text/plain"
        )
        folder = tmp_path / "draw"
        folder.mkdir(exist_ok=True)
        (folder / file.name).write_bytes(answer.data)
        again = client.get(f"{PAGE}/files/{file.name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.get(PAGE).text.count(f'/files/{file.name}"') == 1
    assert all(check.holds for check in verify(tmp_path / "draw"))
    assert len(published) == 8


def test_a_long_list_comes_in_parts_and_can_be_taken_up_again(
    story: Story, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_files, "PART", 100)
    story.people(20)
    story.announce()
    story.commit()
    address = f"{PAGE}/files/leaves-1.bin"
    whole = client.get(address, buffered=True)
    assert len(whole.data) == 20 * 34
    with client.get(address) as parts:
        assert len(list(parts.iter_encoded())) == 7
    for wanted in ("250-", "250-260", "0-99", "199-200", "-7", "600-9000"):
        rest = client.get(address, headers={"Range": f"bytes={wanted}"}, buffered=True)
        first, last = wanted.split("-")
        expected = whole.data[int(first) : int(last or 679) + 1] if first else whole.data[-int(last) :]
        assert (rest.status_code, rest.data) == (206, expected), wanted
    assert client.get(f"{PAGE}/files/leaves-1.bin", headers={"Range": "bytes=9000-"}).status_code == 416


def test_the_end_of_a_long_list_costs_no_more_than_itself(
    story: Story, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_files, "PART", 100)
    story.people(20)
    story.announce()
    story.commit()

    def read() -> None:
        headers = {"Range": "bytes=-10"}
        assert len(client.get(f"{PAGE}/files/leaves-1.bin", headers=headers, buffered=True).data) == 10

    said = statements(client, read)
    assert sum("FROM draw_file_part" in statement for statement, _values in said) == 1


def test_an_archive_with_another_verifier_is_another_archive(
    story: Story, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    story.announce()
    before = client.get(f"{PAGE}/bundle.zip").headers["ETag"]
    monkeypatch.setattr(bundle, "README", "Read this: {draw_id} {hashes}")
    told = client.get(f"{PAGE}/bundle.zip").headers["ETag"]
    (tmp_path / "lottery").mkdir()
    (tmp_path / "lottery" / "__main__.py").write_text("print('another')")
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    assert len({before, told, client.get(f"{PAGE}/bundle.zip").headers["ETag"]}) == 3


def test_the_archive_holds_before_the_verifier(story: Story, client: FlaskClient, tmp_path: Path) -> None:
    story.drawn()
    answer = client.get(f"{PAGE}/bundle.zip")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{DRAW_ID}.zip"'
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    assert all(check.holds for check in verify(tmp_path / "draw"))
    assert (tmp_path / "lottery" / "__main__.py").exists()
    played = (tmp_path / "play.html").read_text("utf-8")
    needed = re.findall(r'(?:href|src)="([^"#]+)"', played)
    assert all(one.startswith("data:") or (tmp_path / one).is_file() for one in needed)
    assert {"play/draws-play.js", "play/phone.css"} <= set(needed)
    assert played.index("<h1>") < played.index("data-begin")
    assert "<script>" not in played
    assert "style=" not in played
    assert client.get(f"{PAGE}/bundle.zip").data == answer.data
    again = client.get(f"{PAGE}/bundle.zip", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_play_repeats_the_published_result_and_nothing_else(story: Story, client: FlaskClient) -> None:
    story.people(20)
    story.announce()
    story.commit()
    assert client.get(f"{PAGE}/play").status_code == 404
    story.type_numbers()
    result = story.run()
    page = client.get(f"{PAGE}/play").text
    for one in winners(result):
        assert fours(one["entry"][:16]) in page
    assert fours(result["seed"]) in page
    shown = re.findall(r"<li(?: class=.second.)?>(\d\d)</li>", page)
    assert shown == [number for _source, _issue, value in NUMBERS[1] for number in re.split("[ +]", value)]
    assert f"/my/receipts/{DRAW_ID}</p>" in page


def test_a_second_round_stands_beside_the_first(story: Story, client: FlaskClient) -> None:
    first = story.drawn()
    story.claim(winners(first)[0])
    with story.drawing() as (session, draw):
        claims.expire(session, draw, at=EXPIRED)
    story.type_numbers(2, at=REDRAWN)
    second = story.run(2, at=REDRAWN)
    page = client.get(PAGE).text
    assert page.index('id="round-2"') < page.index('id="round-1"')
    assert page.count("过期未领") == len(winners(first)) - 1
    for one in winners(first) + winners(second):
        assert fours(one["entry"][:16]) in page
    with story.drawing() as (session, draw):
        winner = story.person_of(session, winners(second)[0])
        code = claims.claim_code(session, draw, winner.id)
        assert code
        claims.confirm(session, draw, code, by=story.world.supervisor.id, at=REDRAWN + timedelta(days=1))
    assert client.get(PAGE).text.count("已领</td>") == 2
    again, before = client.get(f"{PAGE}/play").text, client.get(f"{PAGE}/play?round=1").text
    assert fours(second["seed"]) in again
    assert fours(first["seed"]) in before
    in_first, in_second = winners(first), winners(second)
    assert f"共 20 人，大约每 {round(20 / len(in_first))} 人有一份奖。" in before
    left = 20 - len(in_first)
    assert f"共 {left} 人，大约每 {round(left / len(in_second))} 人有一份奖。" in again


def test_objections_are_counted_and_nobody_named(story: Story, client: FlaskClient) -> None:
    late = story.people(12)[-1]
    story.announce()
    receipt = story.receipt(late)
    story.commit()
    assert receipt
    with story.drawing() as (session, draw):
        session.add(
            DrawObjection(
                draw_id=draw.id,
                entry=receipt.entry,
                tickets=receipt.tickets + 1,
                receipt_at=receipt.at,
                receipt_sig=receipt.sig,
                person_id=late.id,
                at=COMMITTED,
                state="open",
                reason="",
            )
        )
    page = client.get(PAGE).text
    assert "异议 1 条：成立 0 条，不成立 0 条，处理中 1 条。名单共 1 版。" in page
    assert late.name not in page
    assert receipt.entry[:8] not in page
    with story.drawing() as (session, _draw):
        objection = session.query(DrawObjection).one()
        objection.state, objection.reason = "refused", "<b>有评价已被排除</b>"
    page = client.get(PAGE).text
    assert f"<code>{receipt.entry[:8]}…</code> 不成立 · &lt;b&gt;有评价已被排除&lt;/b&gt;" in page
    assert late.name not in page


@pytest.mark.parametrize("who", ["nobody", "engineer", "desk"])
def test_everybody_sees_the_same_page(
    who: str, story: Story, world: World, client: FlaskClient, phone: Phone, console: Console
) -> None:
    story.now_is(REDRAWN + timedelta(days=1)).drawn()  # nothing counts down any more, so a minute changes nothing
    visitor = {"engineer": phone(world.engineer_identity), "desk": console(world.desk)}.get(who, client)
    assert visitor.get(PAGE).text == client.get(PAGE).text
    assert visitor.get("/draws").status_code == 200


def test_addresses_come_from_the_settings_whatever_the_host_header_says(story: Story, client: FlaskClient) -> None:
    story.drawn()
    for path in (PAGE, f"{PAGE}/play", "/draws"):
        assert "evil.example" not in client.get(path, headers={"Host": "evil.example"}).text
    forged = client.get(f"{PAGE}/poster.pdf", headers={"Host": "evil.example"})
    assert forged.data == client.get(f"{PAGE}/poster.pdf").data


def test_no_page_reads_the_list_however_long_it_is(story: Story, client: FlaskClient) -> None:
    story.drawn(people=10)
    with story.drawing() as (session, draw):
        leaves = published_files.get(session, draw, "leaves-1.bin").id
    for path in (PAGE, "/draws", f"{PAGE}/play"):
        said = asked(client, path)
        read = [values for statement, values in said if "draw_file_part" in statement]
        assert not any(leaves in row for row in read)
        assert not any("draw_tree" in statement or "FROM rating" in statement for statement, _values in said)
        assert (len(said), len(read) >= 1) <= (40, True)


def test_the_list_of_draws_asks_as_much_for_two_as_for_one(story: Story, client: FlaskClient) -> None:
    story.announce()
    one = len(asked(client, "/draws"))
    story.shift = timedelta(days=92)
    story.announce(draw_id="h001-2027q1")
    assert len(asked(client, "/draws")) == one
    assert client.get("/draws").text.count('class="card row"') == 2


def asked(client: FlaskClient, path: str) -> list[tuple[str, Any]]:
    """Every statement a page sends to the database, with its values."""

    def show() -> None:
        assert client.get(path).status_code == 200

    return statements(client, show)


def statements(client: FlaskClient, act: Callable[[], None]) -> list[tuple[str, Any]]:
    said: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        said.append((statement, list(values.values()) if isinstance(values, dict) else list(values)))

    engine = client.application.extensions["mashangping"].database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return said


def fours(digits: str) -> str:
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def prizes(story: Story) -> int:
    with story.drawing() as (session, draw):
        return sum(tier["count"] for tier in published_files.announced(session, draw)["tiers"])


def winners(result: Fields) -> list[Fields]:
    return [one for tier in result["tiers"] for one in tier["winners"]]
