"""The one error a user is meant to read: what happened, where, why, and the next command to type."""


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


class InputError(TemperanceError):
    """A file, row, folder or model that was given cannot be used."""


class RecipeError(TemperanceError):
    """The recipe says something that cannot be meant."""


class StageError(TemperanceError):
    """A stage could not finish for a reason that lies in its inputs."""
