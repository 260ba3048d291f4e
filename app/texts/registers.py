"""What registers call their lists, their history and the movements of parts; the registers themselves: the TOML."""

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "register_show": {
        "": mark("全部"),
        "open": mark("未了结"),
        "overdue": mark("超期"),
        "waiting": mark("待确认"),
    },
    "register_entry": {
        "written": mark("记录"),
        "confirmed": mark("第二个人确认"),
        "moved": mark("进出"),
        "used": mark("解决一张工单"),
    },
    "register_movement": {"in": mark("进"), "out": mark("出"), "counted": mark("盘点")},
}
