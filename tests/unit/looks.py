"""A count of looks at the service, as a monitor has it logged every hour."""

from datetime import datetime, timedelta

from standfast.evidence.statement import Availability


def looked(
    start: datetime, answered: int = 360, outage: timedelta = timedelta(minutes=1)
) -> Availability:
    """An hour of looks every ten seconds, with one outage if any was not answered."""
    return Availability.model_validate(
        {
            "from": start,
            "until": start + timedelta(hours=1),
            "every_s": 10,
            "looks": 360,
            "answered": answered,
            "addresses": [{"address": "203.0.113.11", "answered": answered}],
            "outages": [] if answered == 360 else [(start, start + outage)],
            "down": False,
        }
    )
