"""`flask draw demo`: a whole draw among the demo's own ratings, true before the verifier at every stage."""

import json
from pathlib import Path

import pytest
from flask import Flask

from app import clock
from app.demo.draw import STAGES
from app.http.context import EXTENSION
from app.services.draws import announcement, public_page, published_files
from lottery.verify import verify


@pytest.mark.slow("the demo hospital")
def test_a_draw_is_taken_to_every_stage(demo_app: Flask, tmp_path: Path) -> None:
    for stage in STAGES:
        ran = demo_app.test_cli_runner().invoke(args=["draw", "demo", "--until", stage, "--json"])
        assert ran.exit_code == 0, ran.output
        told = json.loads(ran.stdout)
        folder = tmp_path / stage
        folder.mkdir()
        with demo_app.extensions[EXTENSION].database.reading() as session:
            draw = announcement.find(session, told["draw_id"])
            state = public_page.state(session, draw, at=clock.now())
            for file in published_files.all_of(session, draw):
                (folder / file.name).write_bytes(b"".join(published_files.content(session, file)))
        assert state == {"claimed": "drawn"}.get(stage, stage)  # the time to claim is not over
        assert verify(folder)[-1].holds


def test_elsewhere_there_is_no_demo(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["draw", "demo"]).exit_code == 1
