#!/usr/bin/env bash
# Guess: bytes of a NetCDF variable that has no _FillValue attribute are read as they were written.
# What happens: netCDF4 masks every 255 of a file that it wrote itself, or xarray through it: each type has a value
# that NetCDF fills with by default, and of unsigned bytes it is 255. White pixels are missing from means and sums:
# a picture whose right half is white has the mean 0. np.asarray has them, and xarray reads them. In a file that
# h5netcdf wrote, with the same header, no byte is masked. Of 16 bits 65535 is masked, whoever wrote it.
# Versions: netCDF4 1.7.5.1.post1, xarray 2026.9.0, h5netcdf 1.8.2, numpy 2.4.6.
# Why it matters: the mean and the standard deviation that pixels are scaled by come out too low, and depend on who
# wrote and who read the file: a network trained on the one scale is served with the other.
# Guard: none needed: Hemline reads no NetCDF (hemline/images/array_file.py), and hemline/data/scaling.py divides by
# one constant, not by statistics of pixels.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh netCDF4==1.7.5.1.post1 xarray==2026.9.0 h5netcdf==1.8.2 h5py==3.16.0 numpy==2.4.6 pandas==3.1.1
python - <<'END'
import netCDF4
import numpy as np
import xarray as xr

images = np.zeros((2, 4, 4), np.uint8)
images[:, :, 2:] = 255
images[1, :2] = 100


def read(path):
    """Return what netCDF4 and xarray read, and whether the variable has attributes."""
    with netCDF4.Dataset(path) as file:
        variable = file["images"]
        return variable[:], xr.open_dataset(path)["images"].values, bool(variable.ncattrs())


for dtype in (np.uint8, np.uint16):
    written = images.astype(dtype) * (257 if dtype is np.uint16 else 1)
    dataset = xr.Dataset({"images": (("image", "y", "x"), written)})
    with netCDF4.Dataset("netCDF4.nc", "w") as file:
        for name, size in zip("iyx", written.shape, strict=True):
            file.createDimension(name, size)
        file.createVariable("images", dtype, tuple("iyx"))[:] = written
    dataset.to_netcdf("xarray.nc", engine="netcdf4")
    dataset.to_netcdf("h5netcdf.nc", engine="h5netcdf")
    print(f"{dtype.__name__}: means of the two images as written {written.mean(axis=(1, 2))}, std {written.std():.1f}")
    for writer in ("netCDF4", "xarray", "h5netcdf"):
        got, by_xarray, has_attributes = read(f"{writer}.nc")
        print(f"  written by {writer:8} read by netCDF4: means {got.mean(axis=(1, 2))}, std {got.std():.1f}, "
              f"{np.ma.count_masked(got)} of {written.size} pixels are missing")
        assert not has_attributes
        assert (by_xarray == written).all() and (np.asarray(got) == written).all()
        white = written == np.iinfo(dtype).max
        as_written = writer == "h5netcdf" and dtype is np.uint8
        expected = np.zeros_like(white) if as_written else white
        assert (np.ma.getmaskarray(got) == expected).all(), "changed: which white pixels are missing"
        assert got[0].mean() == (127.5 if as_written else 0) and written[0].mean() == np.iinfo(dtype).max / 2
END
