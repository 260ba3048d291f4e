"""What roles are called, and the lists an admin keeps."""

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
    "list": {
        "category": mark("服务目录"),
        "department": mark("科室"),
        "campus": mark("院区"),
        "provider": mark("服务商"),
        "team": mark("班组"),
        "post": mark("岗位"),
    },
    "list_above": {
        "category": mark("上级"),
        "department": mark("院区"),
        "team": mark("服务商"),
        "post": mark("服务商"),
    },
    "list_says": {
        "category": mark("工程师和服务台能选全部；用户报修时只看到勾了“用户报修时也能选”的。"),
        "department": mark("花名册、工单、打印都按代码认科室，代码不能改。"),
        "campus": mark("时限、合同范围、排班都可以分院区。"),
        "provider": mark("外包公司。花名册按代码认服务商；有了服务商，才能登记合同。"),
        "team": mark("服务商的班组。工单完成时记下当时的班组。"),
        "post": mark("合同要求的岗位，排班和到岗率按这里的人数算。"),
    },
    "list_act": {
        "added": mark("添加"),
        "renamed": mark("改名"),
        "changed": mark("改设置"),
        "switched_off": mark("停用"),
        "switched_on": mark("重新启用"),
    },
}
