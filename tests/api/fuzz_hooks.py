"""Read by schemathesis: every request has an address and a key of its own.

Or the limit of one address, and the answer that one key already got, would be all it sees.
"""

import re
from itertools import count
from typing import Any

import schemathesis

from app.api.operations import KEY

_number = count()


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    number = next(_number)
    headers = dict(case.headers or {})
    if re.fullmatch(KEY, str(headers.get("Idempotency-Key"))):
        headers["Idempotency-Key"] = f"key-of-{number:08}"
    case.headers = {**headers, "X-Forwarded-For": f"10.1.{number >> 8 & 255}.{number & 255}"}
