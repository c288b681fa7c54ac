"""The fault that turns `secondary-facility` red: an envelope from before the store's key changed.
Pure.

It is planted where the envelope is written, which is no machine of the site."""

from collections.abc import Mapping

from standfast.mechanisms.keys.custody import DRAWN, OFFSITE

NAME = "stale-envelope"

STALE = "from-before-it-changed"

OPENING = ("AWS_SECRET_ACCESS_KEY", "AZURE_ACCOUNT_SAS", "AZURE_ACCOUNT_KEY", "SSH_KEY")
"""What a store of each kind is opened by; a folder is opened by nothing, so there it is the
repository's own key."""


def stale(secrets: Mapping[str, str]) -> Mapping[str, str]:
    """As an envelope would hold them that nobody has written anew since."""
    old = {name: STALE for name in secrets if name.removeprefix(OFFSITE) in OPENING}
    return {**secrets, **(old or {f"{DRAWN}offsite_secret": STALE})}
