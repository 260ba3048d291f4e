"""python -m ledger verify DIR [--key VKEY] [--since CHECKPOINT] [--no-signature]    Checks a sealed history.
python -m ledger proofs FILE    Judges inclusion and consistency proofs, one line of JSON for each.

Exit status 0 all true, 1 a lie, 2 wrong use.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger import tiles
from ledger.notes import Malformed, NoCryptography, VerifierKey
from ledger.verify import Older, older, verify
from lottery import tree
from lottery.checks import Check


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ledger", description="核对封存的历史。 Checks a sealed history.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("verify", help="核对导出的文件夹。 Checks an exported folder.")
    check.add_argument("folder", type=Path, help="导出的文件夹。 The exported folder.")
    check.add_argument("--key", help="验证公钥：名称+哈希+公钥。 The verifier key, as printed in the handbook.")
    check.add_argument(
        "--since", action="append", default=[], help="以前的检查点：文件、旧副本的文件夹或一行文字。 What was kept."
    )
    check.add_argument("--no-signature", action="store_true", help="不核对签名。 Judges no signature.")
    judge = commands.add_parser("proofs", help="判断证明。 Judges proofs.")
    judge.add_argument("file", type=Path, help="JSON 文件。 A file with `vectors`.")
    options = parser.parse_args()
    # A file may hold what this terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if options.command == "proofs":
        return _judge(parser, options.file)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} 不是文件夹。 It is not a folder.")
    try:
        key = None if options.no_signature else _key(parser, options.folder, options.key)
        olders = [one for text in options.since for one in older(text)]
        return _verify(options.folder, key, olders)
    except (Malformed, OSError) as error:
        parser.error(str(error))
    except NoCryptography:
        parser.error(
            "没有安装 cryptography，无法核对签名：请安装，或用 --no-signature。 Install it, or judge no signature."
        )


def _verify(folder: Path, key: VerifierKey | None, olders: Sequence[Older]) -> int:
    checks = verify(folder, key=key, olders=olders, progress=_progress if sys.stderr.isatty() else lambda _: None)
    for check in checks:
        _print(_line(check))
    if not checks[-1].holds:
        _print("核对不通过。 It does not hold.")
        return 1
    if key is None:
        _print("未核对签名。 No signature was judged.")
    _print(f"{len(checks)} 项核对，全部为真。 {len(checks)} checks, all true.")
    return 0


def _key(parser: argparse.ArgumentParser, folder: Path, text: str | None) -> VerifierKey:
    if text is not None:
        return VerifierKey.read(text)
    beside = folder / tiles.KEY
    if not beside.is_file():
        parser.error("用 --key 给出公钥，或用 --no-signature。 Name the key, or judge no signature.")
    key = VerifierKey.read(beside.read_text("utf-8"))
    _print(f"公钥来自文件夹本身，请与手册核对。 The key is the folder's own, compare it with the handbook:\n  {key}")
    return key


def _judge(parser: argparse.ArgumentParser, file: Path) -> int:
    try:
        vectors = list(json.loads(file.read_text("utf-8"))["vectors"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        parser.error(f"{file} 读不了。 It cannot be read: {error}")
    for number, vector in enumerate(vectors):
        name = vector.get("id", number) if isinstance(vector, dict) else number
        _print(json.dumps({"id": name, "got": _proves(vector)}, ensure_ascii=False))
    return 0


def _proves(vector: Any) -> bool:
    """What cannot be read proves nothing."""
    try:
        path = [bytes.fromhex(step) for step in vector["proof"] or []]
        if vector["kind"] == "inclusion":
            index, size = _count(vector["leaf_index"]), _count(vector["tree_size"])
            leaf, root = bytes.fromhex(vector["leaf_hash"]), bytes.fromhex(vector["root"])
            return tree.proves(path, leaf, index=index, size=size, root=root)
        if vector["kind"] == "consistency":
            older_size, newer_size = _count(vector["size1"]), _count(vector["size2"])
            old_root, new_root = bytes.fromhex(vector["root1"]), bytes.fromhex(vector["root2"])
            return tree.grew(path, older=older_size, newer=newer_size, old_root=old_root, new_root=new_root)
    except (LookupError, ValueError, TypeError):
        pass
    return False


def _count(number: object) -> int:
    if type(number) is not int:
        raise TypeError
    return number


def _line(check: Check) -> str:
    if check.holds:
        return f"真 true   {check.name}"
    return f"假 FALSE  {check.name}\n  应为 expected: {check.expected}\n  实为 found:    {check.found}"


def _progress(entries: int) -> None:
    print(f"{entries}…", file=sys.stderr)  # noqa: T201


def _print(text: str) -> None:
    print(text)  # noqa: T201 this is a command


if __name__ == "__main__":
    sys.exit(main())
