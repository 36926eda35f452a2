"""Facts about the data, the same for all variants: ``reports/evaluation/data.json``."""

from typing import Annotated

from pydantic import Field

from hemline.schema import StrictModel, Text

Number = Annotated[int, Field(ge=0)]


class Facts(StrictModel):
    """Facts about the data that a reader of an accuracy needs."""

    most_frequent: Text  # the class that most training images have; the first of equals
    # its share of the test images: the accuracy of always predicting it, in [0, 1]
    most_frequent_rate: Annotated[float, Field(ge=0, le=1)]
    imbalanced: bool  # whether the test set's classes differ much in size, as ``imbalance.is_imbalanced`` says
    # the number of groups of test images, of one object or with the same pixels; 0 if every image counts by itself
    groups: Number = 0
    duplicates: Number  # test images that are also training or validation images, pixel for pixel
    relabelled: Number  # how many of those have a different label there
    doubted_by: str  # the variant whose predictions judge the labels; may be empty
    doubted_among: Number  # the number of judged images, of validation and test
    likely_errors: Number  # the number of their labels that cleanlab suspects
