"""The operator's keys about promises: `[promises.ID]` of standfast.toml."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class PromiseSettings(BaseModel):
    """`objective` changes single figures of the catalogue's; `promised = false` takes the sentence
    off the page, which then lists it as not promised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    promised: bool = True
    objective: Mapping[str, float] = {}
