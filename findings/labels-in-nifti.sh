#!/usr/bin/env bash
# Guess: whole numbers from 0 to 9, saved as uint8 and read again, are whole numbers from 0 to 9.
# What happens: nibabel scales floating-point data into the full range of the type on disk, though they would fit as
# they are: 0 to 255, slope 0.0353. They are read as 0, 0.988, 2.012, 3.000, ..., and astype(int) makes 0, 0, 2, 3, 3,
# 5, 6, 6, 8, 9 of them: classes 1, 4 and 7 are gone.
# Versions: nibabel 5.4.2, numpy 2.4.6.
# Why it matters: label maps are floats after any resampling or get_fdata(), and set_data_dtype(np.uint8) is what one
# adds to save space.
# Guard: Hemline reads no NIfTI; labels that are not whole numbers are refused (hemline/data/labels.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh nibabel==5.4.2 numpy==2.4.6
python - <<'END'
import nibabel
import numpy as np

labels = np.arange(10.0).reshape(1, 1, 10)
image = nibabel.Nifti1Image(labels, np.eye(4))
image.set_data_dtype(np.uint8)
nibabel.save(image, "labels.nii")
back = nibabel.load("labels.nii")
read = back.get_fdata().ravel()
print("stored:", np.asarray(back.dataobj.get_unscaled()).ravel(), "slope", back.dataobj.slope)
print("read:  ", read.round(4))
print("as int:", read.astype(int))
assert 1 not in read.astype(int), "changed: labels come back whole"
assert (read.round() == labels.ravel()).all()
nibabel.save(nibabel.Nifti1Image(labels.astype(np.uint8), np.eye(4)), "whole.nii")
assert (nibabel.load("whole.nii").get_fdata() == labels).all()
END
