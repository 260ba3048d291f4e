"""The draw `xlot/1` on the standard library alone: `rule` is the rule, `verify` checks a folder of published files."""
