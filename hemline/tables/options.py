"""Options for a table whose column names leave their roles open."""

from typing import Annotated

from pydantic import Field

from hemline.data.description import Part
from hemline.data.labels import Case
from hemline.schema import Count, StrictModel


class TableOptions(StrictModel):
    """Options for the roles of columns."""

    label: str | list[str] | None = None  # the column of labels; or a column of 0 and 1 for each class
    image: str | None = None  # the column of encoded pictures, of their paths, or of all pixels of an image
    group: str | None = None  # a column: images of one object have the same there
    split: str | None = None  # a column that says train, test or validation
    parts: dict[Part, list[str | int]] | None = None  # by part, the values of that column
    ignore: list[str] = Field(default_factory=list)  # columns that are not looked at
    # height and width, and channels behind or before them, of images whose pixels are in a row
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    # in a folder or an archive, the file or files; or those of each part
    table: str | list[str] | dict[Part, str | list[str]] | None = None
    folder: str | None = None  # where the pictures lie, if several have the same name
    header: bool = True  # whether the first row names the columns; if not, they are column1, column2,
    case: Case | None = None  # whether classes that differ in letter case only are the same

    @property
    def labels(self) -> list[str]:
        """The columns of ``label``, none where it is not said."""
        return [self.label] if isinstance(self.label, str) else self.label or []
