"""The one error that a person sees."""


class SetupError(Exception):
    """What is wrong and what to do about it, in one sentence."""
