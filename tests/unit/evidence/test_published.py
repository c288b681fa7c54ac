"""What others have published, byte for byte. The tree of RFC 6962 is in test_merkle.py."""

import base64
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.note import Verifier, open_note, parse_vkey, sign, vkey
from standfast.evidence.signing import Ed25519Signer

C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = """\
This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""  # noqa: E501
"""The example of C2SP signed-note."""

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
GO_SIGNATURE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501
"""The example in the documentation of Go's package note."""

TESSERA_NAME = "example.com/log/testdata"
TESSERA_SEED = "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
TESSERA_LEAVES = (
    *("one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven"),
    *("twelf", "threeten", "fourten", "fivten"),
)
TESSERA = (
    (
        "0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=",
        "M9e0lhr9kuLxGdAtaUrhm84TQffVsLdcy808sN0a3WyniNlfcr9+bywoiIke1YYciCNjJGkCgIlQ8b16jhsmg/SChAM=",
    ),
    (
        "T1X2GdkhUjV3iyufF9b0kVsWFxIU0VI4EpNml2Teci4=",
        "M9e0llH4NKmlf0u7C8tkJioQOmi7l5ELqljXgKRg6R3G5JJ7vx7emDWo5fpqKuA/Dk/jRrI6il+7QCVirNhyUAWGoAk=",
    ),
    (
        "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=",
        "M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1dwcwh9bGQnqVAg=",
    ),
    (
        "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
        "M9e0lnFuWt0cp60moO4jAkeXvMNLIIOGn4WdyeHQurBt9mBi0tWdfkldiAt9k0FpwuZymvttsVn9uwyouXU3vPpeNAc=",
    ),
    (
        "gy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=",
        "M9e0lmn5eDHyHP10zJObZdFAX2y1V8fdDKBi4IiHbDYf1TCUBwxZOhqwv2QZCqrdda2zTRTrmnwjwscN5RBTEmZUYAs=",
    ),
    (
        "a6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=",
        "M9e0ln+nHSdGSHEZBcjvqyYDXDbG8WxDwCDjbbGAMv/NTynAtJWhckSXIpuwpN3yJ4PTtzUbD34YGqIZr6RgJRn16gU=",
    ),
    (
        "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U=",
        "M9e0luA5JhTRUki/BBQD0QNiH6AEJ2pdtsA5CQjqJErViuuKrN6513RCTL2640wXJv0dCed3neRGI6dMzBq9uANf2Qc=",
    ),
    (
        "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=",
        "M9e0lq1EK37dHtgv9O3UzPxisw5vwIPcJsX9ab0xt4mvVfbdUR1fbMjN6sBFYpBoBEmD4+cWhj/AVgI5MitCO5+mews=",
    ),
    (
        "CvhHViE3S9E3htHLR+25mapWoGCJ3WckMq1UtC3VmEY=",
        "M9e0ls3mdnWX0qk4P3uGG0eYiFRWSwPR+RdeD1ARmrHPHjXP0x9UJWASPFTOTqJo0mp7Epck2O9RFB0J9IjDdAewagw=",
    ),
    (
        "y8/gZsZCtitsMan09tY+k8I7Qpr7Y5fbO2tLi9GQnfU=",
        "M9e0lrmwaVEOWFZ+HS5ITnRd2YMOSWE5QeoYu+6DHwJLnJ+SVeJ2ZiYeD7lVC5oGJx76gbfLSyCUEq6D8JkarrsuiQQ=",
    ),
    (
        "Yok1cS5VdokGLBy73BC2I16b3atss6KBN9jnIi6Fz/A=",
        "M9e0lqbRtWirJwbUy4w3VrK2RyzfW8P+OIkc8t6b6AVG/tQd1Q2SN+uCLYzNNFnf/PhzeCdURSGQe1MRnohCxPu21wg=",
    ),
    (
        "uZo6M+IhVna+CLgWCrJs0xBPUHbozHkYTQASduHSLME=",
        "M9e0lrFzoTgi+ovhrqX0DpsEAp3wLu1coMLIkeCwSkGfS4Ox4pLXo2LHudqm4merh0ZkCNzHr8kQwq5gS5mmimIvdA4=",
    ),
    (
        "av0kLH0VkkVDrTuZzBGIx7d9z5G1l/GlKz/nAV/8woQ=",
        "M9e0liO8x8xfEOGmZVYODUjQajkEpjccPQ9EkG3yEEDet4K3BWE/DFRPH6H+b6gFFFaG5KS1bBmYS/xeZJs8lj+z+wM=",
    ),
    (
        "SvCd38yNade7xEPY1a/aAc1M3A2AHYVF8lIiUnsH1ao=",
        "M9e0lu8roIpjC+NXEG7JDkajIahoYDYWgxDtxfx/6rzLoztU9t/PvivZ48xt8ygJpjzaboSpkbVv3Jb+D3NdXWQf5wo=",
    ),
    (
        "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=",
        "M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=",
    ),
)
"""Root and signature of the checkpoints of transparency-dev's Tessera, testdata/log, by size."""


def signer(name: str, seed: str) -> Ed25519Signer:
    """From the form in which Go writes private keys: a byte for the type, then the seed."""
    return Ed25519Signer.from_seed(name, base64.b64decode(seed)[1:])


@pytest.fixture(scope="module")
def tessera() -> Ed25519Signer:
    return signer(TESSERA_NAME, TESSERA_SEED)


def published(size: int) -> bytes:
    root, signature = TESSERA[size - 1]
    return f"{TESSERA_NAME}\n{size}\n{root}\n\n— {TESSERA_NAME} {signature}\n".encode()


def test_the_example_of_signed_note_opens_with_its_key() -> None:
    opened = open_note(C2SP_NOTE.encode(), [parse_vkey(C2SP_KEY)])
    assert opened == ("This is an example message.\n", ("example.com/foo",))


def test_the_example_of_gos_package_is_signed_to_the_same_bytes() -> None:
    peter = signer("PeterNeumann", GO_SEED)
    assert vkey(peter) == GO_KEY
    note = sign(GO_TEXT, [peter])
    assert note.decode() == f"{GO_TEXT}\n{GO_SIGNATURE}"
    assert open_note(note, [parse_vkey(GO_KEY)]) == (GO_TEXT, ("PeterNeumann",))


def test_tesseras_fifteen_checkpoints_follow_from_its_key_and_leaves(
    tessera: Ed25519Signer, tmp_path: Path
) -> None:
    log = WrittenLog(tmp_path, tessera)
    written = [log.append([leaf.encode()]) for leaf in TESSERA_LEAVES]
    assert written == [published(size) for size in range(1, 16)]


def test_every_pair_of_them_is_consistent_and_every_leaf_is_included(
    tessera: Ed25519Signer,
) -> None:
    key = Verifier.of(tessera.name, tessera.public_key)
    leaves = [merkle.leaf_hash(leaf.encode()) for leaf in TESSERA_LEAVES]
    roots = {
        size: Checkpoint.from_text(open_note(published(size), [key])[0]).root
        for size in range(1, 16)
    }
    for size, root in roots.items():
        for old_size in range(1, size + 1):
            proof = merkle.consistency_proof(leaves[:size], old_size)
            assert merkle.consistent(
                old_size=old_size, old_root=roots[old_size], size=size, root=root, proof=proof
            )
        for index in range(size):
            assert merkle.included(
                leaf=leaves[index],
                index=index,
                size=size,
                proof=merkle.inclusion_proof(leaves[:size], index),
                root=root,
            )
