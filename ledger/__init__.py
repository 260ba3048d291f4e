"""The sealed history: leaves, checkpoints as signed notes, tiles, and the auditor's verifier; not the product."""
