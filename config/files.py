"""The files a hospital edits, as they stand."""

from hashlib import sha256
from pathlib import Path


def file_digests() -> dict[str, str]:
    """SHA-256 in hexadecimal of each TOML file beside this one, by its name."""
    here = Path(__file__).parent
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(here.glob("*.toml"))}
