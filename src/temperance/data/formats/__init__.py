"""The formats that can be read, listed by name. Between formats that fit a file equally well the order decides: the narrower is first."""

from collections.abc import Mapping

from temperance.data.formats import alpaca, canonical, dolly, hh_rlhf, messages, oasst, preference, sharegpt, starter, ultrafeedback
from temperance.data.formats.format import Format

FORMATS: tuple[Format, ...] = (
    canonical.FORMAT,
    starter.CONTRAST,
    starter.FLAWED,
    starter.EVERYDAY,
    oasst.FORMAT,
    ultrafeedback.FORMAT,
    hh_rlhf.FORMAT,
    sharegpt.FORMAT,
    preference.FORMAT,
    messages.FORMAT,
    dolly.FORMAT,
    alpaca.FORMAT,
)
BY_NAME: Mapping[str, Format] = {one.name: one for one in FORMATS}
