"""The registers' blueprint. Importing the pages registers their views."""

from app.web.console.registers import acts, registers, tables

blueprint = registers.blueprint

__all__ = ["acts", "blueprint", "registers", "tables"]
