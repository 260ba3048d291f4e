"""python -m lottery verify FOLDER    Prints every check; exit status 0 all true, 1 a lie, 2 wrong use."""

import argparse
import sys
from pathlib import Path

from lottery.checks import Check
from lottery.verify import verify


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lottery", description="核对一次抽奖。 Checks a published draw.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("verify", help="核对文件夹里公布的全部文件。 Check all published files in a folder.")
    command.add_argument("folder", type=Path, help="公布的文件所在的文件夹。 The folder with the published files.")
    folder = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"{folder} 不是文件夹。 It is not a folder.")
    # A file may hold what this terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    checks = verify(folder)
    for check in checks:
        print(_line(check))  # noqa: T201 this is a command
    good = checks[-1].holds
    summary = f"{len(checks)} 项核对，全部为真。 {len(checks)} checks, all true."
    print(summary if good else "核对不通过。 It does not hold.")  # noqa: T201
    return 0 if good else 1


def _line(check: Check) -> str:
    if check.holds:
        return f"真 true   {check.name}"
    return f"假 FALSE  {check.name}\n  应为 expected: {check.expected}\n  实为 found:    {check.found}"


if __name__ == "__main__":
    sys.exit(main())
