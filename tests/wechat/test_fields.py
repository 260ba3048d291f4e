import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.field_rules import fault
from wechat.template_fields import KINDS, fit, kind_of

FITTED = [
    ("thing", "内科 3 楼打印机", "内科 3 楼打印机"),
    ("thing", "一" * 20, "一" * 20),
    ("thing", "一" * 21, "一" * 19 + "…"),
    ("thing", "  两行\n\t一处\x00 ", "两行 一处"),
    ("thing", "打印机🖨️坏了👨‍⚕️☹", "打印机坏了"),
    ("thing", "37℃ №3 20㎡", "37℃ №3 20㎡"),
    ("thing", "𠮷野家 \U00031350", "𠮷野家 \U00031350"),
    ("thing", "🖨️", None),
    ("thing", " \n ", None),
    ("thing2", "门诊", "门诊"),
    ("number", "12.50", "12.50"),
    ("number", "-3", "-3"),
    ("number", "1" * 32, "1" * 32),
    ("number", "1" * 33, None),
    ("number", "3台", None),
    ("letter", "HIS", "HIS"),
    ("letter", "A" * 33, None),
    ("letter", "H1", None),
    ("symbol", "!?", "!?"),
    ("symbol", "!!!!!!!", "!!!!!"),
    ("symbol", "a!", None),
    ("character_string", "T20261120-0007", "T20261120-0007"),
    ("character_string", "x" * 33, "x" * 29 + "..."),
    ("character_string", "工单7", None),
    ("time", "15:01", "15:01"),
    ("time", "2019年10月1日 15:01", "2019年10月1日 15:01"),
    ("time", "2019-10-01 15:01", "2019年10月1日 15:01"),
    ("time", "09:00～11:30", "09:00~11:30"),
    ("time", "2019年10月1日", None),
    ("time", "24:00", None),
    ("time", "soon", None),
    ("date", "2019年10月1日", "2019年10月1日"),
    ("date", "2019-12-25 09:42", "2019年12月25日 09:42"),
    ("date", "2019年10月1日 ~ 2019年10月3日", "2019年10月1日 ~ 2019年10月3日"),
    ("date", "2019年13月1日", None),
    ("amount", "¥100.50", "¥100.50"),
    ("amount", "100元", "¥100元"),
    ("amount", "12345678901", None),
    ("amount", "百元", None),
    ("phone_number", "+86-0766-66888866", "+86-0766-66888866"),
    ("phone_number", "010-12345678 ext 9", None),
    ("phone_number", "1" * 18, None),
    ("car_number", "粤A8Z888挂", "粤A8Z888挂"),
    ("car_number", "粤A8Z888888", None),
    ("name", "王小明", "王小明"),
    ("name", "欧阳" * 6, "欧阳" * 4 + "欧…"),
    ("name", "Alexander Humboldt-Smith", "Alexander Humbold..."),
    ("name", "王小明2", None),
    ("phrase", "紧急", "紧急"),
    ("phrase", "非常不满意", "非常不满意"),
    ("phrase", "非常不满意了", None),
    ("phrase", "P1", None),
    ("enum", "已派单", "已派单"),
    ("const", "已 派单", "已 派单"),
    ("const", "", None),
]


@pytest.mark.parametrize(("kind", "given_value", "fitted"), FITTED)
def test_a_value_is_made_to_fit_or_left_out(kind: str, given_value: str, fitted: str | None) -> None:
    assert fit(kind, given_value) == fitted


def test_every_field_type_stands_in_the_table_above() -> None:
    assert {kind_of(kind) for kind, _, fitted in FITTED if fitted} == KINDS
    assert {kind_of(kind) for kind, _, fitted in FITTED if fitted is None} == KINDS - {"enum"}


@pytest.mark.parametrize("kind", ["", "thingy", "7", "short_thing"])
def test_an_unknown_type_is_an_error(kind: str) -> None:
    with pytest.raises(ValueError, match="unknown field type"):
        fit(kind, "x")


@pytest.mark.slow("a hundred generated texts")
@settings(deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS - {"enum", "const"})),
    value=st.text(max_size=40) | st.text(st.sampled_from("一二三aZ019:~～-+¥年月日元.…! \n🖨"), max_size=40),
)
def test_whatever_fits_is_accepted_by_the_strict_server(kind: str, value: str) -> None:
    fitted = fit(kind, value)
    assert fitted is None or fault(f"{kind}1", fitted) is None


@pytest.mark.parametrize(("kind", "given_value", "fitted"), FITTED)
def test_the_values_of_the_table_are_accepted_by_the_strict_server(
    kind: str, given_value: str, fitted: str | None
) -> None:
    if fitted is not None and kind_of(kind) not in {"enum", "const"}:
        assert fault(kind, fitted) is None
