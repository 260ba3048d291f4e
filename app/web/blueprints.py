"""The blueprints of the pages, in one list; which of them open is a matter of guards and surfaces."""

from flask import Blueprint

from app.web import console, engineer, health, mark
from app.web.draws import check, objection, own, public
from app.web.public import (
    binding,
    cases,
    demo,
    home,
    inbox,
    label,
    my,
    my_data,
    published,
    records,
    report,
    scan,
    slip,
    team,
    ward,
)
from app.web.wechat import callback, domain_verification, sign_in
from config.settings import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every blueprint; the demo's only outside production."""
    return [
        health.blueprint,
        health.metrics_blueprint,
        mark.blueprint,
        home.blueprint,
        team.blueprint,
        domain_verification.blueprint,
        sign_in.blueprint,
        callback.blueprint,
        scan.blueprint,
        ward.blueprint,
        label.blueprint,
        slip.blueprint,
        my.blueprint,
        cases.blueprint,
        report.blueprint,
        records.blueprint,
        inbox.blueprint,
        published.blueprint,
        public.blueprint,
        check.blueprint,
        own.blueprint,
        objection.blueprint,
        my_data.blueprint,
        binding.blueprint,
        *engineer.BLUEPRINTS,
        *console.BLUEPRINTS,
        *([demo.blueprint] if settings.sandbox_url and not settings.production else []),
    ]
