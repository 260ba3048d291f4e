import argparse
import signal
import sys
from pathlib import Path

from sandbox.environment import NotASandboxPlace
from sandbox.server import serve


def main() -> int:
    options = _options()
    # Waited for, not handled: a handler runs wherever this thread stands, also between taking and giving back the lock
    # of an event, and to set the event it would wait for that lock for ever. Blocked before a thread inherits it.
    stops = signal.SIGINT, signal.SIGTERM
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        running = serve(
            port=options.port,
            backup_port=options.backup_port,
            app_url=options.app_url,
            data_dir=options.data_dir,
        )
    except NotASandboxPlace as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    with running:
        sys.stdout.write(f"微信沙箱 WeChat sandbox: {running.url}\n备用地址 Second address: {running.backup_url}\n")
        sys.stdout.flush()
        signal.sigwait(stops)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A local WeChat for demo and tests, with simulated phones."
    )
    parser.add_argument("--port", type=int, default=8001, help="port to serve on; 0 takes a free one (8001)")
    parser.add_argument("--backup-port", type=int, default=0, help="port of the second address, as api2 (a free one)")
    parser.add_argument(
        "--app-url", default="http://localhost:8000", help="address of the app the phones use (%(default)s)"
    )
    parser.add_argument("--data-dir", type=Path, help="where messages and tokens survive a restart; else in memory")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
