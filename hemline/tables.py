"""How the tables that stages hand on are read back."""

from pathlib import Path
from typing import IO

import pandas as pd

_TEXTS = dict.fromkeys(("variant", "class", "true", "layer", "type", "output_shape"), str)


def read_table(source: Path | IO[bytes]) -> pd.DataFrame:
    """Read a CSV table; a class may be called "None", a variant "null" or "128", and only an empty field is missing.

    Raises:
        FileNotFoundError: it is missing.
    """
    return pd.read_csv(source, dtype=_TEXTS, keep_default_na=False, na_values=[""])
