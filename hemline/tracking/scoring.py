"""MLflow's scoring server for one model, behind a check of the Host header.

A page of the web whose name leads to 127.0.0.1 would be let in by a browser; its requests still carry that name.

Run: python -m hemline.tracking.scoring models:/<data set>@champion <port>
"""

import sys
from typing import TYPE_CHECKING

import mlflow
import uvicorn
from mlflow.pyfunc import scoring_server
from starlette.middleware.trustedhost import TrustedHostMiddleware

from hemline.processes.ports import HOST

if TYPE_CHECKING:
    from fastapi import FastAPI


def app(model_uri: str) -> "FastAPI":
    """Return the server of a model, which answers to the names of this machine only."""
    if "keras" in mlflow.models.get_model_info(model_uri).flavors:
        # Started as everywhere, and without what it prints of processors, before the model imports it.
        from hemline.training import tensorflow  # noqa: F401, PLC0415
    served: FastAPI = scoring_server.init(mlflow.pyfunc.load_model(model_uri))
    served.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return served


if __name__ == "__main__":
    uvicorn.run(app(sys.argv[1]), host=HOST, port=int(sys.argv[2]))
