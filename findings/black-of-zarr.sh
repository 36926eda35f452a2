#!/usr/bin/env bash
# Guess: xarray and zarr read the same pixels from the same array, of the same type.
# What happens: from an array in Zarr's format 2, xarray reads every black pixel as NaN, and bytes as float32: the
# format's fill_value says what a chunk without a file holds, which is 0 unless somebody says otherwise, and xarray
# takes it for the mark of a missing value. Means leave it out: 190.5 instead of 23.8. The same array in format 3 is
# read as it is, and so is a file in format 2 that xarray itself wrote.
# Versions: xarray 2026.9.0, zarr 3.1.6, numpy 2.4.6.
# Why it matters: four of five pixels of MNIST are black. Whether they exist depends on the library that wrote the
# array and on a number in its header; nanmean hides it, and a network that is given NaN learns nothing.
# Guard: none needed: Hemline reads no Zarr (hemline/images/array_file.py), and hemline/images/picture.py refuses
# pixels that are not finite.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh xarray==2026.9.0 zarr==3.1.6 numpy==2.4.6 pandas==3.1.1
python -W error::UserWarning - <<'END'
import numpy as np
import xarray as xr
import zarr

images = np.zeros((2, 4, 4), np.uint8)
images[:, 1, 1:3] = 255, 126
for version in (2, 3):
    group = zarr.open_group(f"{version}.zarr", mode="w", zarr_format=version)
    names = {"dimension_names": ["image", "y", "x"]} if version == 3 else {}
    array = group.create_array("images", data=images, chunks=images.shape, **names)
    if version == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = ["image", "y", "x"]
    by_zarr = zarr.open_group(f"{version}.zarr")["images"][:]
    read = xr.open_zarr(f"{version}.zarr", consolidated=False)["images"]
    missing = int(np.isnan(read.values).sum())
    print(f"format {version}: fill_value {array.fill_value}; zarr reads {by_zarr.dtype}, mean {by_zarr.mean():.1f}; "
          f"xarray {read.dtype}, mean {float(read.mean()):.1f}, {missing} of {images.size} pixels NaN")
    assert array.fill_value == 0 and (by_zarr == images).all() and by_zarr.dtype == np.uint8
    if version == 2:
        assert (np.isnan(read.values) == (images == 0)).all(), "changed: black is read"
        assert read.dtype == np.float32 and read.mean() == 190.5
    else:
        assert (read.values == images).all() and read.dtype == np.uint8
xr.Dataset({"images": (("image", "y", "x"), images)}).to_zarr("own.zarr", zarr_format=2, consolidated=False)
assert (xr.open_zarr("own.zarr", consolidated=False)["images"].values == images).all()
END
