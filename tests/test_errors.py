from temperance.errors import TemperanceError


def test_an_error_says_what_where_why_and_next() -> None:
    error = TemperanceError("it broke", where="a.txt:3", why="a comma", then="mend it")
    assert str(error).splitlines() == ["it broke", "  where: a.txt:3", "  why: a comma", "  next: mend it"]


def test_silent_parts_leave_no_label() -> None:
    assert str(TemperanceError("it broke")) == "it broke"
