"""The commands of `flask`. What they need is loaded when one of them is called: no web process carries it."""

from importlib import import_module

import click
from flask import Flask

from app.cli.i18n import _

# By name: what it is for, and the modules that hang commands on it, its own first.
GROUPS = {
    "assets": (_("设备：导入贴标签、扫码报修的设备。"), ("assets",)),
    "calendar": (_("放假和调休：显示、导入。"), ("calendar",)),
    "audit": (_("封存的历史：核对有没有被改过，导出给审计员。"), ("audit",)),
    "downtime": (_("停机：打印登记表，恢复后补录。"), ("downtime",)),
    "draw": (_("可验证的抽奖：公布、锁定名单、录入公开号码、出结果、领奖。每一步只有一次。"), ("draw",)),
    "people": (_("人员：导入花名册，建立第一个管理员。"), ("people", "invitations", "privacy")),
    "places": (_("房间：导入贴标签、扫码报修的房间。"), ("assets",)),
    "qr": (_("评价码：打印小票、标签和海报。"), ("qr", "slip_pads")),
    "ratings": (_("评价：核对按天记下的评价数。"), ("ratings",)),
    "sheet": (_("季度考核表：显示、冻结、签字，登记服务费，导入接通数。"), ("sheet",)),
    "tickets": (_("工单：导入其他系统的记录，查工单的扫码地址。"), ("tickets",)),
}


class LazyGroup(click.Group):
    """A group known by its name and what it is for; its commands are imported when somebody asks for them."""

    def __init__(self, name: str, help: str, modules: tuple[str, ...]) -> None:  # noqa: A002 click's own word
        super().__init__(name, help=help)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._loaded().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._loaded().get_command(ctx, cmd_name)

    def _loaded(self) -> click.Group:
        own, *_others = [import_module(f"app.cli.{module}") for module in self._modules]
        group: click.Group = getattr(own, self.name or "")
        return group


@click.command("worker")  # not by the name of its module, which would take its place here once imported
def _worker() -> None:
    """运行后台任务：发送通知，处理微信来的消息。 Run the jobs: send notices, work on what WeChat pushed."""
    import_module("app.cli.worker").run()


def register(app: Flask) -> None:
    """Add the project's commands to the application's `flask` command."""
    for name, (help_text, modules) in GROUPS.items():
        app.cli.add_command(LazyGroup(name, help_text, modules))
    app.cli.add_command(_worker)
    app.shell_context_processor(_for_the_shell)


def _for_the_shell() -> dict[str, object]:
    """What `flask shell` knows besides `app`: the models by name, `select`, `transaction()`."""
    models, context = import_module("app.models"), import_module("app.http.context")
    named = {name: getattr(models, name) for name in models.__all__}
    return {**named, "select": import_module("sqlalchemy").select, "transaction": context.transaction}
