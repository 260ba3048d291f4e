"""What roles are called."""

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "role": {
        "user": mark("职工"),
        "engineer": mark("工程师"),
        "desk": mark("服务台"),
        "supervisor": mark("监督员"),
        "admin": mark("管理员"),
        "auditor": mark("审计员"),
    },
}
