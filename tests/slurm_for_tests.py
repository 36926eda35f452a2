"""Slurm on loopback: a controller and a machine of two cores, started and stopped by a test."""

import contextlib
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from pipelines_for_tests import PATIENCE, wait_until

from hemline.processes.ports import HOST, free_port

PARTITION = "compute"
_NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue", "sinfo")
# No cgroups and no accounting: neither is to be had everywhere. More cores and memory than there are do no harm.
_CONFIGURATION = """
ClusterName=hemline
SlurmctldHost={machine}({host})
SlurmctldPort={controller_port}
SlurmdPort={machine_port}
SlurmUser={user}
SlurmdUser={user}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
NodeName={machine} NodeAddr={host} CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName={partition} Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """The daemons, which are children of the tests.

    Attributes:
        environment: what Slurm's commands need to find them.
    """

    def __init__(self):
        # A short path: sockets have no room for the tests' own. Munge wants others to be able to enter it.
        self._folder = Path(tempfile.mkdtemp(prefix="hemline-slurm-"))
        self._folder.chmod(0o755)
        self.environment = {"SLURM_CONF": str(self._folder / "slurm.conf"), "PATH": _path()}
        self._processes = []

    def start(self):
        key = self._folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        for name in ("state", "spool"):
            (self._folder / name).mkdir()
        configuration = _CONFIGURATION.format(
            folder=self._folder,
            host=HOST,
            machine=socket.gethostname().partition(".")[0],
            user=getpass.getuser(),
            controller_port=free_port(None, 0),
            machine_port=free_port(None, 0),
            partition=PARTITION,
        )
        (self._folder / "slurm.conf").write_text(configuration)
        files = {"key": "munge.key", "socket": "munge.socket", "pid": "munge.pid", "seed": "munge.seed"}
        options = [
            f"--{'socket' if what == 'socket' else f'{what}-file'}={self._folder / files[what]}" for what in files
        ]
        self._start("munged", "--foreground", "--force", "--num-threads=1", *options)
        wait_until(lambda: self._running() and (self._folder / "munge.socket").exists())
        self._start("slurmctld", "-D")
        self._start("slurmd", "-D")
        wait_until(lambda: self._running() and self.run("sinfo", "--noheader", "-o", "%T", check=False) == "idle\n")

    def stop(self):
        with contextlib.suppress(Exception):
            self.cancel(*self.jobs())
            wait_until(lambda: not self.jobs())
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder)

    def jobs(self, *states):
        """Return the numbers of all jobs, or of those in some states."""
        wanted = ["--states", ",".join(states)] if states else []
        return self.run("squeue", "--noheader", "-o", "%A", *wanted).split()

    def cancel(self, *jobs):
        if jobs:
            self.run("scancel", *jobs)

    def run(self, *command, check=True):
        environment = os.environ | self.environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def _start(self, name, *options):
        with self._log(name).open("w") as log:
            program = shutil.which(name, path=_path())
            environment = os.environ | self.environment
            self._processes.append(
                subprocess.Popen([program, *options], cwd=self._folder, env=environment, stdout=log, stderr=log)
            )

    def _running(self):
        for process in self._processes:
            name = Path(process.args[0]).name
            if process.poll() is not None:
                last = self._log(name).read_text().strip().splitlines()[-1]
                pytest.skip(f"Slurm cannot be started here: {name} has ended, and said last: {last}")
        return True

    def _log(self, name):
        return self._folder / f"{name}.log"


@contextlib.contextmanager
def slurm():
    """Start Slurm; skip where it is not installed, or wants what this machine does not have."""
    missing = [name for name in _NEEDED if shutil.which(name, path=_path()) is None]
    if missing:
        pytest.skip(f"Slurm is not installed ({missing[0]}): `apt-get install slurm-wlm munge`")
    service = Slurm()
    try:
        service.start()
        yield service
    finally:
        service.stop()


def _path():
    # Where Debian keeps daemons, which is on the path of root only.
    return os.pathsep.join([os.environ["PATH"], "/usr/local/sbin", "/usr/sbin"])
