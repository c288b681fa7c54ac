"""What a site promises: what its machines can, less what its operator leaves out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from standfast.promises.model import Promise
from standfast.promises.possible import NotPromised, Roles, possible
from standfast.promises.settings import PromiseSettings, with_objective

NOT_WANTED = "whoever runs this site leaves it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`promises` have this site's limits; `usual` are the same with those of a site that changes
    none."""

    promises: tuple[Promise, ...]
    usual: tuple[Promise, ...]
    impossible: tuple[NotPromised, ...]


def offered(
    catalog: Iterable[Promise],
    settings: Mapping[str, PromiseSettings],
    machines: Roles,
    *,
    fast: bool = True,
    off_site: bool = True,
    moving: bool = True,
    stays: str = "",
    mirrored: bool = True,
    disks_here: bool = True,
) -> Offer:
    """`fast` and the rest: as in `possible`."""
    can = possible(
        catalog,
        machines,
        fast=fast,
        off_site=off_site,
        moving=moving,
        stays=stays,
        mirrored=mirrored,
        disks_here=disks_here,
    )
    said = {each.id: settings.get(each.id, PromiseSettings()) for each in can.promises}
    wanted = tuple(each for each in can.promises if said[each.id].promised)
    return Offer(
        promises=tuple(with_objective(each, said[each.id].objective) for each in wanted),
        usual=wanted,
        impossible=(
            *can.impossible,
            *(
                NotPromised(promise=each, why=NOT_WANTED)
                for each in can.promises
                if not said[each.id].promised
            ),
        ),
    )
