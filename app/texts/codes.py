"""What codes are called, table by table. The database keeps codes; people read these words."""

from app.texts import cases, draws, history, notices, people, printing, ratings, tickets

WORDS = (
    tickets.WORDS
    | ratings.WORDS
    | notices.WORDS
    | people.WORDS
    | printing.WORDS
    | draws.WORDS
    | history.WORDS
    | cases.WORDS
)
