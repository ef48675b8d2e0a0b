"""What users can mend: the errors that a command shows in one line.

Every command ends with code 2 on these and shows their text alone (`doors.run`). What
the operating system refuses, an OSError with a number, is the user's to mend too. Any
other exception is a fault of this program and keeps its traceback, so that it is never
taken for a wrong input.
"""


class Unusable(ValueError):
    """Something given cannot be used.

    Its text is one line: what was found, what was wanted, what to do.
    """


class Missing(FileNotFoundError, Unusable):
    """A file or folder that was named, or belongs to what was named, is not there."""
