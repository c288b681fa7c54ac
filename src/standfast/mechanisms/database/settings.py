"""The operator's keys about the database: `[database]` of standfast.toml."""

from pydantic import BaseModel, ConfigDict


class DatabaseSettings(BaseModel):
    """`fast_failover`: monitors take a dead primary's claim away (removal.py), instead of waiting
    until its lease has run out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fast_failover: bool = True
