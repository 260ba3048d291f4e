"""What WeChat's server accepts in a field of each type, in the strictest reading of its documents."""

import re

_HAN = "[㐀-䶿一-鿿\U00020000-\U0003ffff]"
_VISIBLE = r"[^\x00-\x1f\x7f\u2028\u2029\U0001f000-\U0001ffff]"
_CLOCK = r"([01]?[0-9]|2[0-3]):[0-5][0-9]"
_DAY = r"[0-9]{4}年(0?[1-9]|1[0-2])月(0?[1-9]|[12][0-9]|3[01])日"
_TIME = f"({_DAY} )?{_CLOCK}"
_DATE = f"{_DAY}( {_CLOCK})?"

_FORMS = {
    "thing": f"{_VISIBLE}{{1,20}}",
    "number": r"(?!(\D*\d){33})[+-]?[0-9]+(\.[0-9]+)?",
    "letter": "[A-Za-z]{1,32}",
    "symbol": r"([^\w\s]|_){1,5}",
    "character_string": "[ -~]{1,32}",
    "time": f"{_TIME}( ?~ ?{_TIME})?",
    "date": f"{_DATE}( ?~ ?{_DATE})?",
    "amount": r"(?!(\D*\d){11})[¥￥$€£][0-9]+(\.[0-9]+)?元?",
    "phone_number": "[0-9+()*# -]{1,17}",
    "car_number": f"(?=.{{1,8}}$){_HAN}?[A-Za-z0-9]+{_HAN}?",
    "name": r"[^\d\s]([^\d\n]{0,8}[^\d\s])?|[!-/:-~]([ -/:-~]{0,18}[!-/:-~])?",
    "phrase": f"{_HAN}{{1,5}}",
}
_COMPILED = {kind: re.compile(form, re.ASCII if kind == "number" else 0) for kind, form in _FORMS.items()}


def fault(field: str, value: object) -> str | None:
    """WeChat's word for what is wrong with a field, None when nothing is."""
    if value is None or value == "":
        return "is empty"
    form = _COMPILED.get(field.rstrip("0123456789"))
    if form is None or not isinstance(value, str) or not form.fullmatch(value):
        return "invalid"
    return None
