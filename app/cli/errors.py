"""What was wrong with a file or a row, in words: one table from code to text."""

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from app.cli.i18n import gettext
from app.errors import Refused
from app.texts.catalogue import mark

FILES: dict[str, str] = {
    "file_not_opened": mark("打不开文件 %(path)s：%(reason)s。请核对路径和权限。"),
    "file_empty": mark("文件 %(path)s 是空的，应为带表头的 CSV 或 XLSX。"),
    "old_excel": mark("%(path)s 是旧版 Excel（.xls），请另存为 .xlsx 或 CSV 再导入。"),
    "binary_workbook": mark("%(path)s 是二进制 Excel（.xlsb），请另存为 .xlsx 或 CSV 再导入。"),
    "utf16": mark("%(path)s 是 UTF-16 编码或不是文本，请另存为 UTF-8 的 CSV 或 .xlsx 再导入。"),
    "web_page": mark("%(path)s 是网页（HTML）或 XML，不是表格：请用 Excel 打开，另存为 .xlsx 再导入。"),
    "packed_workbook": mark("%(path)s 里面是 Excel 文件，请先解压再导入。"),
    "workbook_protected": mark("%(path)s 加了密码，读不了：请在 Excel 中去掉打开密码，另存为 .xlsx 再导入。"),
    "xlsx_broken": mark("%(path)s 不是完好的 XLSX 文件，请重新导出。"),
    "no_workbook": mark("%(path)s 是压缩包，里面没有 Excel 工作簿：请先解压，或另存为 .xlsx 再导入。"),
    "no_visible_sheet": mark("%(path)s 没有可见的工作表，请显示要导入的那一张，另存后再导入。"),
    "file_breaks_off": mark("%(path)s 没有读到结尾：文件被截断或已损坏。读到的行都已处理，请取得完整文件再导入。"),
    "quotes_lost": mark(
        "%(path)s 从第 %(line)s 行起引号不成对，分不清后面哪些是行、哪些是格子里的文字，所以没有再读。"
        "请改好这一行（值里面的引号要写两遍），或另存为 .xlsx 再导入。"
    ),
    "no_header": mark("%(path)s 没有表头，第一行应为列名。"),
    "header_unreadable": mark("%(path)s 的表头（第 %(line)s 行）读不出，应为 UTF-8 或 GB18030 编码、引号成对的列名。"),
    "one_column": mark("%(path)s 的表头只有一列“%(column)s”：列之间应以逗号、分号、制表符或竖线分隔。"),
    "no_rows": mark("%(path)s 表头下面没有一行数据，没有导入任何内容。"),
    "column_twice": mark("表头有重复的列：%(column)s。这一列要用，请只留一个。"),
    "columns_missing": mark("表头缺少列：%(columns)s（格式 %(profile)s 需要）。请核对文件或用 --profile 换一种格式。"),
    "roster_columns_missing": mark("表头缺少列：%(columns)s。"),
    "no_such_profile": mark("没有格式 %(name)s。现有格式：%(known)s。"),
    "profile_unusable": mark("格式 %(name)s 不能使用：%(reason)s"),
    "no_such_provider": mark("格式中的服务商 %(provider)s 不在系统中。"),
    "too_many_changes": mark(
        "离职和调动共 %(count)s 人，超过在岗 %(workforce)s 人的 10%%，没有导入任何内容。核对无误后请加 --yes。"
    ),
    "another_name": mark("工号 %(staff_number)s 已是 %(name)s，姓名不符。"),
    "admin_and_auditor": mark("工号 %(staff_number)s 是审计员，不能同时是管理员。"),
    "staff_number_form": mark("工号 %(staff_number)s 不能用：应为 1 至 32 个字符，不含空格和冒号。"),
    "name_missing": mark("请填写姓名。"),
    "provider_supervises": mark("工号 %(staff_number)s 是服务商人员，不能是管理员。"),
    "downtime_field": mark("%(field)s 不对，请核对表上写的。"),
    "downtime_times": mark("时间不对：要有报修时间，按先后，不晚于现在，不早于一个月前；完成的要有工程师。"),
    "downtime_entered": mark("%(form)s 已补录过。"),
    "provider_staff": mark("服务商人员不能作报修人。"),
    "days_off_unreadable": mark("不是 holiday-cn 的 JSON：%(where)s 有误（%(why)s）。"),
    "days_off_day": mark("%(day)s 不对：应是 %(year)s 年的日期，每天一次，调休上班的应是周末。"),
    "no_such_person": mark("没有这个人。"),
    "no_such_request": mark("没有这条申请，可能已处理。"),
    "last_admin": mark("这是最后一位管理员，不能删除。请先设另一位管理员。"),
    "password_too_short": mark("密码太短，至少 %(least)s 个字符。"),
    "password_too_long": mark("密码太长，最多 %(most)s 个字符。"),
}

ROWS: dict[str, str] = {
    "wrong_number_of_columns": mark("%(expected)s 列（这一行有 %(found)s 列）"),
    "line_too_long": mark("一行不超过 256 KB"),
    "bad_quotes": mark("引号成对：值以引号开始就要以引号结束，值里面的引号写两遍"),
    "line_break": mark("不换行的值（引号可能不成对）"),
    "undecodable": mark("能按 %(encoding)s 解码的文字"),
    "lost_letter": mark("完整的文字：� 表示转换编码时丢了字，请从原系统重新导出"),
    "nul_byte": mark("没有 NUL 字符的文字"),
    "cell_unreadable": mark("能读出的单元格，请在 Excel 中重新保存"),
    "formula_without_value": mark("公式算出的值：文件里没有存，请用 Excel 打开并保存，或改成文本"),
    "excel_error": mark("单元格的值：Excel 的公式出错，只剩错误代码，请改好后把这一列设为“文本”再导出"),
    "excel_narrow": mark("完整的值：列太窄，Excel 只写出 ###，请加宽这一列再导出"),
    "excel_cut_number": mark(
        "完整的编号：Excel 把它当成数字，写成科学计数或只留 15 位，后面的已丢失。请从原系统重新导出，把这一列设为“文本”"
    ),
    "excel_number": mark("文本格式的编号：Excel 把它当成了小数，请把这一列设为“文本”再从原系统导出"),
    "excel_boolean": mark("编号：Excel 把它当成了逻辑值 TRUE 或 FALSE，请把这一列设为“文本”再从原系统导出"),
    "excel_date": mark("编号：Excel 把它当成了日期，请把这一列设为“文本”再从原系统导出"),
    "excel_serial": mark("日期时间，写法为 %(forms)s；这是 Excel 的日期序号，请把这一列设为日期格式或“文本”再导出"),
    "in_the_future": mark("已经发生的时间，不晚于明天"),
    "too_long": mark("不超过 %(most)s 个字符"),
    "value_missing": mark("必填，不能为空"),
    "unreadable_date": mark("日期时间，写法为 %(forms)s"),
    "impossible_date": mark("1970 至 2100 年间真实存在的日期，写法为 %(forms)s"),
    "not_a_count": mark("不带符号的整数"),
    "unknown_value": mark("以下之一：%(known)s"),
    "unknown_people": mark("系统中已有的工号"),
    "unknown_teams": mark("系统中已有的班组"),
    "unknown_categories": mark("系统中已有的服务类别"),
    "unknown_places": mark("系统中已有的地点"),
    "unknown_departments": mark("系统中已有的科室代码"),
    "unknown_campuses": mark("系统中已有的院区代码"),
    "tag_twice": mark("每个编号只有一行"),
    "staff_number_is_a_number": mark("文本格式的单元格（数字会丢失前导零）"),
    "staff_number_form": mark("1 至 32 个字符，不含空格和冒号"),
    "staff_number_twice": mark("每个工号只有一行"),
    "wecom_form": mark("企业微信的账号：1 至 64 个字母、数字和 _ - @ ."),
    "wecom_twice": mark("每个企业微信账号只给一个人"),
    "wecom_has_another": mark("本人现在绑定的企业微信账号（要换，请先在控制台解除绑定）"),
    "wecom_of_another": mark("没有绑定给别人的企业微信账号"),
    "one_employer": mark("科室代码和服务商代码填且只填一个"),
    "provider_supervises": mark("服务商人员不能是监督员、管理员或审计员"),
    "admin_and_auditor": mark("管理员和审计员不能是同一人"),
    "post_without_provider": mark("岗位只属于服务商人员"),
    "ends_before_it_begins": mark("不早于起始日期"),
    "out_of_order": mark("不早于现岗位的起始日期 %(begun)s"),
    "unknown_code": mark("系统中已有的代码：%(known)s（或加 --create）"),
    "number_of_our_own": mark("不与本系统自己开出的工单同号"),
}


DATABASE = (OperationalError, ProgrammingError)


def database(error: DBAPIError) -> str:
    """The database as the reason: away, or without the tables this code expects."""
    return gettext("数据库不能用：%(reason)s。请先运行 alembic upgrade head。", reason=error.orig)


def words(refused: Refused) -> str:
    """A refusal of the whole file as a sentence."""
    return gettext(FILES[refused.code], **refused.facts)


def expected(code: str, facts: tuple[tuple[str, object], ...]) -> str:
    """What was expected in place of a row's value."""
    return gettext(ROWS[code], **dict(facts))
