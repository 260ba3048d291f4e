"""The blueprints of the web floor, in one list; which of them open is a matter of guards and surfaces."""

from flask import Blueprint

from app.api import doors as api
from app.web import (
    bind,
    callback,
    console,
    data,
    demo,
    draw_check,
    draw_object,
    draws,
    draws_mine,
    engineer,
    health,
    home,
    inbox,
    label,
    my,
    scan,
    slip,
    verify,
    ward,
    wechat,
)
from config.settings import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every door; the demo's only outside production."""
    return [
        health.blueprint,
        health.metrics_blueprint,
        home.blueprint,
        verify.blueprint,
        wechat.blueprint,
        callback.blueprint,
        scan.blueprint,
        ward.blueprint,
        label.blueprint,
        slip.blueprint,
        my.blueprint,
        inbox.blueprint,
        draws.blueprint,
        draw_check.blueprint,
        draws_mine.blueprint,
        draw_object.blueprint,
        data.blueprint,
        bind.blueprint,
        engineer.blueprint,
        *api.DOORS,
        *console.DOORS,
        *([demo.blueprint] if settings.sandbox_url and not settings.production else []),
    ]
