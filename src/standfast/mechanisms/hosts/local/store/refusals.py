"""What this store says no to, in S3's own words ("Error responses"). Standard library only."""

from enum import Enum


class Code(Enum):
    """HTTP status and S3's code."""

    ACCESS_DENIED = (403, "AccessDenied")
    BAD_DIGEST = (400, "BadDigest")
    BAD_SIGNATURE = (403, "SignatureDoesNotMatch")
    FULL = (507, "StorageFull")
    INVALID = (400, "InvalidArgument")
    INVALID_RANGE = (416, "InvalidRange")
    NO_BUCKET = (404, "NoSuchBucket")
    NO_KEY = (404, "NoSuchKey")
    NO_LENGTH = (411, "MissingContentLength")
    NOT_IMPLEMENTED = (501, "NotImplemented")
    TOO_LARGE = (400, "EntityTooLarge")
    TOO_SKEWED = (403, "RequestTimeTooSkewed")
    UNKNOWN_KEY = (403, "InvalidAccessKeyId")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def word(self) -> str:
        return self.value[1]


class RefusedRequest(Exception):
    """Told to whoever asked, as S3 tells it."""

    def __init__(self, code: Code, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
