"""Which questions of the CAIQ this product's promises answer. Pure data.

The numbers are those of the CAIQ of the Cloud Security Alliance, version 4.0; what is asked is said
here in words of our own, because theirs are not ours to publish. A promise that no site makes yet
stands here all the same: without it a question would seem answered that is only half answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

VERSION = "CAIQ 4.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`promises` must all be kept for a yes. `beyond` is what is asked and no proof can show."""

    id: str
    asks: str
    promises: tuple[str, ...]
    beyond: str = ""


QUESTIONS: Sequence[Question] = (
    Question(
        id="BCR-08.1",
        asks="Are backups made at regular times?",
        promises=("onsite-backup",),
    ),
    Question(
        id="BCR-08.2",
        asks="Are the backups kept secret, whole and within reach?",
        promises=("onsite-backup", "restore-works", "offsite-snapshot", "encrypted-at-rest"),
    ),
    Question(
        id="BCR-08.3",
        asks="Can the service be brought back from its backups?",
        promises=("restore-works", "both-databases-lost"),
    ),
    Question(
        id="BCR-11.1",
        asks="Is equipment that the service depends on there more than once, and apart?",
        promises=(
            *(
                "redundant-web",
                "redundant-edge",
                "any-machine",
                "mirrored-database",
                "database-failover",
                "mirrored-volumes",
            ),
            "secondary-facility",
        ),
    ),
    Question(
        id="CEK-03.1",
        asks="Is data protected by cryptography where it rests and where it travels?",
        promises=("encrypted-in-transit", "certificate-verifiable", "encrypted-at-rest"),
        beyond="Whether the libraries in use have been certified.",
    ),
    Question(
        id="DSP-10.1",
        asks="Is personal data protected from others while it is transferred?",
        promises=("encrypted-in-transit",),
        beyond="Whether each transfer is allowed by law and contract.",
    ),
    Question(
        id="IAM-15.1",
        asks="Are passwords handled and stored securely?",
        promises=("passwords-hashed",),
    ),
    Question(
        id="IVS-02.1",
        asks="Are resources planned and watched so that the service performs as it has to?",
        promises=("fastest-route",),
        beyond="How capacity is planned.",
    ),
    Question(
        id="IVS-03.2",
        asks="Is what the machines say to each other encrypted?",
        promises=("encrypted-in-transit",),
    ),
    Question(
        id="IVS-03.3",
        asks="Does a machine accept connections only from those it knows and needs?",
        promises=("encrypted-in-transit", "closed-ports"),
        beyond="The reasons for which each connection is needed.",
    ),
    Question(
        id="LOG-03.1",
        asks="Is the service watched for what threatens its security?",
        promises=("three-monitors", "intrusion-seen"),
    ),
    Question(
        id="LOG-09.1",
        asks="Are records of what happened kept from being altered or deleted?",
        promises=("evidence-intact",),
        beyond="Other records than this one.",
    ),
    Question(
        id="SEF-07.1",
        asks="Is there a way to tell those concerned about a breach, and is it in use?",
        promises=("incident-handled", "breach-notified"),
    ),
)
