"""Addresses as they are shown: MLflow's own messages repeat that of the store, password and all."""

import re

_PASSWORD = re.compile(r"(://[^/\s:@]*):\S+@")


def without_passwords(text: str) -> str:
    """Return ``text`` with an ellipsis in the place of each address's password."""
    return _PASSWORD.sub(r"\1:…@", text)
