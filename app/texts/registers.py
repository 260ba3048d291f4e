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
    "taken_out": {
        "wrong_file": mark("传错了文件"),
        "wrong_record": mark("属于别的记录"),
        "personal": mark("有不该留的个人信息"),
        "unreadable": mark("看不清"),
    },
    "register_movement": {"in": mark("进"), "out": mark("出"), "counted": mark("盘点")},
}
