"""What is printed, on which paper, and what a check of the link rule found."""

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "print": {
        "slips": mark("工单小票"),
        "wards": mark("科室评价码"),
        "assets": mark("设备标签"),
        "places": mark("房间标签"),
    },
    "things": {
        "assets": mark("设备"),
        "places": mark("房间"),
    },
    "layout": {
        "slip58": mark("热敏纸 58 毫米"),
        "slip80": mark("热敏纸 80 毫米"),
        "a6": mark("A6"),
        "a5": mark("A5"),
        "poster": mark("A4 海报"),
        "poster-a3": mark("A3 海报"),
        "labels": mark("A4 不干胶标签"),
    },
    "link_rule": {
        "good": mark("能打开，内容一致。"),
        "no_answer": mark("PUBLIC_URL 没有回应。请检查域名、证书和反向代理。"),
        "moved": mark("被转到别处。微信不跟随跳转，请让反向代理直接给出文件。"),
        "status": mark("地址上没有这个文件。请检查反向代理是否把 /r/ 交给本服务，再重新启动。"),
        "other_content": mark("内容不一致。请核对 WECHAT_VERIFY_FILES，再重新启动。"),
    },
}
