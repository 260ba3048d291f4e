"""The nginx of docs/deploy/nginx.conf in front of one web process, where there is an nginx."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.paths import ROOT
from tests.support.processes import answers, free_port
from tests.support.tls import certificate

DOCUMENTED = ROOT / "docs" / "deploy" / "nginx.conf"
NO_NGINX = "no nginx here"
STOP_SECONDS = 10


def nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def running_nginx(program: str, folder: Path, *, web: int) -> Iterator[str]:
    """Its address; both of its servers are the process on that port. Only TLS, ports and places differ."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_here(folder, port=port, web=web), encoding="utf-8")
    command = [program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(configuration)]
    subprocess.run([*command, "-t"], check=True, capture_output=True, text=True)
    with (folder / "nginx.log").open("wb") as log:
        server = subprocess.Popen([*command, "-g", "daemon off;"], stdout=log, stderr=log)
    try:
        while not answers(f"http://localhost:{port}/healthz"):
            assert server.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


def _here(folder: Path, *, port: int, web: int) -> str:
    (folder / "fullchain.pem").write_bytes(certificate())
    text = DOCUMENTED.read_text(encoding="utf-8")
    assert text.count("server 127.0.0.1:80") == 2
    tls, plain = free_port(), free_port()
    for documented, here in (
        (r"server 127\.0\.0\.1:800\d", f"server 127.0.0.1:{web}"),
        (r"listen 80;", f"listen 127.0.0.1:{plain};"),
        (r"listen 443 ssl http2;", f"listen 127.0.0.1:{tls} ssl http2; listen 127.0.0.1:{port};"),
        (r"listen \[::\].*\n", "\n"),
        (r"include .*mime\.types;", ""),
        (r"/etc/ssl/mashangping/\w+\.pem", str(folder / "fullchain.pem")),
        (r"/var/log/nginx", str(folder)),
        (r"user www-data;\n", ""),
        (r"worker_processes auto;", f"worker_processes 1; pid {folder}/pid;"),
        (r"http \{", "http {" + "".join(f"{kind}_temp_path {folder}/{kind};" for kind in _TEMPORARY)),
    ):
        text, found = re.subn(documented, here, text)
        assert found, documented
    return text


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
