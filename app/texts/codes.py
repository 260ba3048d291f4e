"""What codes are called, table by table. The database keeps codes; people read these words."""

from app.texts import cases, draws, history, notices, people, printing, ratings, registers, rules, sheets, tickets

_OWNERS = (tickets, ratings, notices, people, printing, draws, history, cases, sheets, registers, rules)
WORDS = {name: words for module in _OWNERS for name, words in module.WORDS.items()}
