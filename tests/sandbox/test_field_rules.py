import pytest

from sandbox.field_rules import fault

GOOD = {
    "thing1": ["一" * 20, "HIS 登录"],
    "number1": ["1" * 32, "-1.5"],
    "letter1": ["A" * 32],
    "symbol1": ["!?¥_+"],
    "character_string1": ["T-2026/11 #7"],
    "time1": ["15:01", "2019年10月1日 15:01", "09:00~11:30", "2019年10月1日 9:00 ~ 2019年10月1日 10:00"],
    "date1": ["2019年10月1日", "2019年10月1日 15:01"],
    "amount1": ["¥1234567890", "￥12.50元"],
    "phone_number1": ["+86-0766-66888866"],
    "car_number1": ["粤A8Z888挂"],
    "name1": ["王小明", "阿凡提·买买提", "Anna O'Hara-Smith"],
    "phrase1": ["紧急"],
}
BAD = {
    "thing1": ["一" * 21, "两\n行", "🖨"],
    "number1": ["1" * 33, "三", "1."],
    "letter1": ["A" * 33, "A1"],
    "symbol1": ["!!!!!!", "a"],
    "character_string1": ["工单", "x" * 33, "a\tb"],
    "time1": ["24:00", "15:60", "2019-10-01 15:01", "09:00～11:30", "2019年10月1日"],
    "date1": ["2019年13月1日", "2019年10月32日", "15:01"],
    "amount1": ["12.50", "¥12345678901", "¥一"],
    "phone_number1": ["1" * 18, "问前台"],
    "car_number1": ["粤A8Z888888", "粤", "A粤8"],
    "name1": ["一" * 11, "A" * 21, "王2"],
    "phrase1": ["非常不满意了", "P1", "急!"],
    "unheard1": ["x"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in GOOD for value in GOOD[field]])
def test_a_value_by_the_rules_passes(field: str, value: str) -> None:
    assert fault(field, value) is None


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in BAD for value in BAD[field]])
def test_a_value_against_the_rules_does_not(field: str, value: str) -> None:
    assert fault(field, value) == "invalid"
