"""TLS in front of a unix socket, with a certificate of its own: the Redis of the tests speaks none itself."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from socket import AF_UNIX, SHUT_RDWR, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import clock


@contextmanager
def tls_before(path: str, folder: Path) -> Iterator[tuple[int, Path]]:
    """The port, and the file with the certificate that proves it."""
    proof = folder / "certificate.pem"
    proof.write_bytes(certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(proof)

    class Front(BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as outside,
                socket(AF_UNIX) as inside,
            ):
                inside.connect(path)
                back = Thread(target=_pump, args=(inside, outside))
                back.start()
                _pump(outside, inside)
                back.join()

    class Server(ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Who does not like the certificate hangs up."""

    with Server(("127.0.0.1", 0), Front) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield server.server_address[1], proof
        finally:
            server.shutdown()
            serving.join()


def _pump(one: socket, other: socket) -> None:
    with suppress(OSError):
        while read := one.recv(65536):
            other.sendall(read)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(SHUT_RDWR)


def certificate() -> bytes:
    """For localhost, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return own + made.public_bytes(serialization.Encoding.PEM)
