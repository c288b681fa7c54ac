"""Every way Standfast can fail, and what to do about it.

StandfastError            1
├── ConfigError           2  the operator's file or arguments are wrong: fix the named key
├── CommandFailed         1  a wrapped program said no: its own words are the message
├── Unreachable           3  a machine or a program did not answer: the world may heal
├── CannotVerify          3  evidence is missing or unchecked, so nothing may be claimed
├── Refused               1  a decision said no for safety: the reason is the message
└── BrokenInvariant       1  our own mistake: stop, do not continue

The number is the exit status of the command line. Standard library only: the agent and the
applier run this on machines before anything is installed there.
"""


class StandfastError(Exception):
    """A failure a person can act on.

    `problem` says what is wrong, in lower case and without a full stop; `remedy` says what to try,
    in one sentence, or asks a question where the cause is a guess.
    """

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    @property
    def words(self) -> str:
        """As the command line prints it."""
        tried = f"\nTry: {self.remedy}" if self.remedy else ""
        return f"standfast: {self.problem}{tried}"


class ConfigError(StandfastError):
    exit_code = 2


class CommandFailed(StandfastError):
    pass


class Unreachable(StandfastError):
    exit_code = 3


class CannotVerify(StandfastError):
    exit_code = 3


class Refused(StandfastError):
    pass


class BrokenInvariant(StandfastError):
    pass
