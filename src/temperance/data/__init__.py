"""Data: the row types, and how files of any known format become rows."""
