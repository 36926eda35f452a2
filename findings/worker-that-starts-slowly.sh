#!/usr/bin/env bash
# Guess: a LocalCluster restarts a worker whose process has died, as its nanny does and logs ("Restarting worker").
# What happens: it does only if the new process is ready within 15 seconds. If its start takes longer, as the import of a
# large library in a preload does on a busy machine, the new worker registers and is closed at once, for good, without a
# line in the log. The cluster then has one worker fewer.
# Versions: distributed 2026.8.0.
# Why it matters: a cluster of two workers trains half as fast after a crash, one of a single worker waits for ever.
# Guard: `make workers` sets distributed.deploy.lost-worker-timeout to an hour (hemline/cluster/connect.py).
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh distributed==2026.8.0 dask==2026.8.0
cat > slow_start.py <<'END'
import time


def dask_setup(worker):
    time.sleep(20)
END
cat > try.py <<'END'
import os
import signal
import time

import dask
from distributed import Client, LocalCluster


def back_after_kill(limit):
    with dask.config.set({"distributed.deploy.lost-worker-timeout": limit}):
        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, preload=["slow_start"]) as cluster:
            with Client(cluster) as client:
                client.wait_for_workers(1)
                (pid,) = client.run(os.getpid).values()
                os.kill(pid, signal.SIGKILL)
                time.sleep(45)
                return len(client.scheduler_info()["workers"])


if __name__ == "__main__":
    default = dask.config.get("distributed.deploy.lost-worker-timeout")
    found = {limit: back_after_kill(limit) for limit in (default, "1 hour")}
    print("workers 45 s after the death of the only one, by lost-worker-timeout:", found)
    assert default == "15s" and found == {"15s": 0, "1 hour": 1}, "changed"
END
PYTHONPATH=. python try.py
