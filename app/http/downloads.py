"""Published files, sent in parts. Who reads slowly holds no connection, and never the last thread."""

from collections.abc import Iterable

from flask import request
from werkzeug.wrappers import Response

from app.db import Database
from app.errors import Refused
from app.http.context import runtime
from app.services.draws import published_files
from app.services.draws.published_files import File

AGAIN = 30  # seconds


class Parts:
    """A file's bytes, each part with a session of its own; a range begins with the part that holds its start."""

    def __init__(self, database: Database, file: File) -> None:
        self._database, self._file, self._at = database, file, 0

    def __iter__(self) -> "Parts":
        return self

    def __next__(self) -> bytes:
        if self._at >= self._file.size:
            raise StopIteration
        end = min((self._at // published_files.PART + 1) * published_files.PART, self._file.size)
        with self._database.reading() as db:
            part = published_files.Stored(db, self._file)[self._at : end]
        self._at = end
        return part

    def seekable(self) -> bool:
        return True

    def seek(self, at: int) -> None:
        self._at = at

    def tell(self) -> int:
        return self._at


def kept(parts: Iterable[bytes], mimetype: str, *, etag: str, sent: int, size: int | None = None) -> Response:
    """The same for everybody: kept by whoever fetches it, and asked for again with the hash they have.

    `sent` is about how much there is; `size`, where it is known to the byte, lets it be taken up again. What fits one
    part is handed to the server whole; for more, one of the few turns is taken. Raises Refused when there is none.
    """
    short = sent <= published_files.PART
    answer = Response(b"".join(parts) if short else parts, mimetype=mimetype)
    if size is not None:
        answer.content_length = size
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "public, no-cache"
    answer = answer.make_conditional(request, accept_ranges=size is not None, complete_length=size)
    if not short and request.method == "GET" and answer.status_code != 304:
        turn = runtime().downloads
        if not turn.acquire(blocking=False):
            raise Refused("downloads_busy")
        answer.call_on_close(turn.release)
    return answer


def say_when(answer: Response) -> Response:
    if answer.status_code == 503:
        answer.headers["Retry-After"] = str(AGAIN)
    return answer
