"""What is true of the data itself, whatever the variant: ``reports/evaluation/data.json``."""

from typing import Annotated

from pydantic import Field

from hemline.schema import StrictModel, Text

Number = Annotated[int, Field(ge=0)]


class Facts(StrictModel):
    """What must be known to read an accuracy."""

    most_frequent: Text  # the class that most training images have; the first of equals
    # the share of the test images that have it: the accuracy of always answering it, in [0, 1]
    most_frequent_rate: Annotated[float, Field(ge=0, le=1)]
    imbalanced: bool  # whether the test set's classes differ much in size, as ``imbalance.is_imbalanced`` says
    # how many groups the test images make that count as one each, of one object or of the same pixels; 0 where
    # every image is one by itself
    groups: Number = 0
    duplicates: Number  # how many test images are among the training or validation images, too, pixel for pixel
    relabelled: Number  # how many of those have another label there
    doubted_by: str  # the variant whose trainings the labels were compared with; empty where none were
    doubted_among: Number  # how many images, of validation and test, that was done for
    likely_errors: Number  # how many of their labels cleanlab takes for likely errors
