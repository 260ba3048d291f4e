"""How long personal data is kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RetentionSettings:
    """After how many days what is no longer needed goes; 0 keeps it."""

    comment: int
    photo: int
    notice: int
    sign_in: int
    leaver: int
