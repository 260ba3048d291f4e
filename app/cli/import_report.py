"""What became of the rows of a file: read = imported + unchanged + rejected, at every moment that can be seen."""

from dataclasses import dataclass


@dataclass
class Counts:
    imported: int = 0
    unchanged: int = 0
    rejected: int = 0

    def facts(self) -> dict[str, int]:
        return {"read": self.imported + self.unchanged + self.rejected, **vars(self)}

    def line(self) -> str:
        """The last line on standard output; other programs read it."""
        return " ".join(f"{name}={count}" for name, count in self.facts().items())
