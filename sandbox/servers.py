from threading import Lock, Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


class _QuietRequests(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class _Door:
    def __init__(self, app: Flask, port: int) -> None:
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_QuietRequests)
        self.port: int = self._server.server_port
        # The interval is how long stopping takes; tests stop often.
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="sandbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Doors:
    """Two addresses that say the same; the main one can be shut, so that connections to it are really refused."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[int, _Door] = {}

    def open(self, app: Flask, *ports: int) -> list[int]:
        doors = [_Door(app, port) for port in ports]
        self._app = app
        self._open = {door.port: door for door in doors}
        self._main = doors[0].port
        return [door.port for door in doors]

    def shut_main(self, shut: bool) -> None:
        with self._lock:
            if shut and self._main in self._open:
                self._open.pop(self._main).close()
            elif not shut and self._main not in self._open:
                self._open[self._main] = _Door(self._app, self._main)

    def close(self) -> None:
        with self._lock:
            for door in self._open.values():
                door.close()
