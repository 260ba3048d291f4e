"""The blueprints of the web floor, in one list; which of them open is a matter of guards and surfaces."""

from flask import Blueprint

from app.web import engineer, health, my, scan, ward, wechat
from config.settings import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every door; the demo's only outside production."""
    return [
        health.blueprint,
        health.metrics_blueprint,
        wechat.blueprint,
        scan.blueprint,
        ward.blueprint,
        my.blueprint,
        engineer.blueprint,
    ]
