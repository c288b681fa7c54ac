"""The operator's keys about certificates: `[certificates]` of standfast.toml."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LONGEST = 300


def mail_address(text: str) -> str:
    if text and not text.startswith("mailto:"):
        raise ValueError("must begin with mailto:")
    return text


class CertificateSettings(BaseModel):
    """`acme` is a server's directory (RFC 8555, section 7.1.1); `contact` is told what concerns its
    account. `authority` (PEM) vouches for the server and signs, where browsers know neither."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    acme: Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=LONGEST)]
    contact: Annotated[str, AfterValidator(mail_address), Field(max_length=LONGEST)] = ""
    authority: str = ""
