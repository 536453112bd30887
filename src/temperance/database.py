"""An SQLite file opened in one transaction: a kill leaves what was there before, or all of what was written. It knows no table."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DBAPIError

from temperance.errors import InputError

SECONDS_TO_WAIT = 30


@contextmanager
def transaction(path: Path, tables: MetaData, *, version: int, what: str) -> Iterator[Connection]:
    """Open a file in one transaction, making it and its tables if it is new.

    Args:
        path: the file.
        tables: what it holds.
        version: of the tables; a file of another version is refused.
        what: what the file is called in an error (`history`).

    Raises:
        InputError: the file is of another version, no SQLite file, or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": SECONDS_TO_WAIT})
    _transactions(engine)
    try:
        with engine.begin() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if found not in (0, version):
                why = f"its version is {found}, this is {version}"
                raise InputError(f"the {what} was written by another temperance", where=str(path), why=why)
            tables.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {version}")
            yield connection
    except DBAPIError as error:
        then = f"move the file away; a new {what} begins"
        raise InputError(f"the {what} cannot be used", where=str(path), why=str(error.orig), then=then) from error
    finally:
        engine.dispose()


def _transactions(engine: Engine) -> None:
    """Let a transaction begin with its first statement, so that tables and rows are written together; the driver would split them."""

    @event.listens_for(engine, "connect")
    def _manual(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def storable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row that SQLite can store: a lone surrogate, which has no UTF-8, is spelt as an escape."""
    return {name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for name, value in row.items()}
