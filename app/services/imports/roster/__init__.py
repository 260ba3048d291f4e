"""The hospital's roster: who works where since when, and what everybody may do."""
