"""The one error a user is meant to read: what happened, where, why, and the next command to type."""

from json import JSONDecodeError


class TemperanceError(Exception):
    """Something the user can mend; the command line prints it without a traceback and exits with 2.

    Args:
        what: one sentence, what could not be done.
        where: the file, line, key or host it happened at.
        why: the reason, in the words of whoever noticed it.
        then: what to do next, if possible a command.
    """

    def __init__(self, what: str, *, where: str = "", why: str = "", then: str = "") -> None:
        self.what, self.where, self.why, self.then = what, where, why, then
        super().__init__(str(self))

    def __str__(self) -> str:
        said = (("", self.what), ("where: ", self.where), ("why: ", self.why), ("next: ", self.then))
        return "\n  ".join(label + text for label, text in said if text)


def plainly(error: Exception) -> str:
    """Return in plain words what an exception over somebody's JSON says; Python's own words about keys and types are nobody's language."""
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    if isinstance(error, JSONDecodeError):
        return f"it is not JSON: {error}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, LookupError | TypeError | AttributeError):
        return "a part of it is missing, or of another kind than it should be"
    return str(error)


class InputError(TemperanceError):
    """A file, row, folder or model that was given cannot be used."""


class RecipeError(TemperanceError):
    """The recipe says something that cannot be meant."""


class StageError(TemperanceError):
    """A stage could not finish for a reason that lies in its inputs."""
