"""What is true of the data itself, whatever the variant: ``reports/evaluation/data.json``."""

from typing import Annotated

from pydantic import Field

from hemline.schema import StrictModel, Text

Number = Annotated[int, Field(ge=0)]


class Facts(StrictModel):
    """What must be known to read an accuracy.

    Attributes:
        most_frequent: the class that most training images have; the first of equals.
        most_frequent_rate: the share of the test images that have it: the accuracy of always answering it, in [0, 1].
        imbalanced: whether the test set's classes differ much in size, as ``imbalance.is_imbalanced`` says.
        groups: how many groups the test images make that count as one each, of one object or of the same pixels; 0
            where every image is one by itself.
        duplicates: how many test images are among the training or validation images, too, pixel for pixel.
        relabelled: how many of those have another label there.
        doubted_by: the variant whose trainings the labels were held against; empty where none were.
        doubted_among: how many images, of validation and test, that was done for.
        likely_errors: how many of their labels cleanlab takes for likely errors.
    """

    most_frequent: Text
    most_frequent_rate: Annotated[float, Field(ge=0, le=1)]
    imbalanced: bool
    groups: Number = 0
    duplicates: Number
    relabelled: Number
    doubted_by: str
    doubted_among: Number
    likely_errors: Number
