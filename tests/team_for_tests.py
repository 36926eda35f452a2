"""A team's database, storage and server, on loopback, started by the commands of docs/TEAM.md."""

import contextlib
import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from moto.server import ThreadedMotoServer
from pipelines_for_tests import PATIENCE, wait_until
from servers_for_tests import wait_for

from hemline.processes.ports import free_port

PAGE = (Path(__file__).parent.parent / "docs/TEAM.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
EPOCHS = 10  # that a training has logged before anything happens to the server
_SUPERUSER, _SUPERUSER_SECRET = "postgres", "superuser-secret"


def postgresql():
    """Return the folder of PostgreSQL's programs, which Debian keeps apart from the others, or None."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class Team:
    """The three services, and the page's commands with their addresses.

    Attributes:
        folder: of the server's files and logs.
        address: of the server.
    """

    def __init__(self, folder):
        self.folder = folder
        self._database_port, self._port = free_port(None, 0), free_port(None, 0)
        self.address = f"http://127.0.0.1:{self._port}"
        self._storage = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        # Elsewhere than the tests' own folder, which other users may not enter: PostgreSQL refuses to run as root.
        self._cluster = Path(tempfile.mkdtemp(prefix="hemline-database-"))
        self._user = {"user": "nobody"} if os.geteuid() == 0 else {}
        self._processes = {}

    def start(self):
        self._storage.start()
        self._storage_port = self._storage.get_host_and_port()[1]
        self._make_cluster()
        self.start_database()
        self._run_sql(self.blocks("The database", "sql"))
        self.run("The storage")
        (ini,) = self.blocks("The server", "ini")
        (self.folder / "people.ini").write_text(ini)
        self.run("The server", block=1)
        self.start_server()
        self.run("People")

    def stop(self):
        for name in list(self._processes):
            self.kill(name)
        self._storage.stop()
        shutil.rmtree(self._cluster)

    def blocks(self, title, language):
        """Return the code of a section, with the addresses of this team's machines."""
        text = "\0".join(re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[title], re.MULTILINE | re.DOTALL))
        for name, own in {
            "database.example.org": f"127.0.0.1:{self._database_port}",
            "s3.example.org:9000": f"127.0.0.1:{self._storage_port}",
            "mlflow.example.org:5000": f"127.0.0.1:{self._port}",
            "--host 0.0.0.0 --port 5000 --workers 2": f"--host 127.0.0.1 --port {self._port} --workers 1",
        }.items():
            text = text.replace(name, own)
        return text.split("\0")

    def variables(self, title):
        """Return what a section exports."""
        exports = re.findall(r"^export (.+)$", "".join(self.blocks(title, "sh")), re.MULTILINE)
        return dict(shlex.split(each)[0].split("=", 1) for each in exports)

    def run(self, title, folder=None, environment=None, block=0):
        """Run the shell commands of a section."""
        done = subprocess.run(
            ["sh", "-e", "-c", self.blocks(title, "sh")[block]],
            cwd=folder or self.folder,
            env=environment or self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{title}: {done.stdout}\n{done.stderr}"

    def start_server(self):
        log = self.folder / "server.log"
        environment = self._environment() | self.variables("The server")
        self._start("server", ["sh", "-c", f"exec {self.blocks('The server', 'sh')[2]}"], log, env=environment)
        wait_for(f"{self.address}/health", self._processes["server"], log)

    def start_database(self):
        command = [postgresql() / "postgres", "-D", self._cluster / "data", "-k", self._cluster, "-h", "127.0.0.1"]
        self._start("database", [*command, "-p", str(self._database_port)], self.folder / "database.log", **self._user)
        wait_until(self._database_answers)

    def kill(self, name):
        """Kill the ``server`` or the ``database``, as a power cut does: all of its processes, at once."""
        process = self._processes.pop(name)
        killed = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for each in killed:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait(PATIENCE)
        psutil.wait_procs(killed, PATIENCE)

    def frozen(self):
        """Return a context in which the server takes connections and answers none."""
        return _frozen(self._processes["server"].pid)

    def _start(self, name, command, log, **options):
        with log.open("a") as file:
            self._processes[name] = subprocess.Popen(
                command, cwd=self.folder if name == "server" else self._cluster, stdout=file, stderr=file, **options
            )

    def _make_cluster(self):
        secret = self._cluster / "password"
        secret.write_text(_SUPERUSER_SECRET)
        if self._user:
            for path in (secret, self._cluster):
                shutil.chown(path, **self._user)
        settings = ["--username", _SUPERUSER, "--pwfile", secret, "--auth", "scram-sha-256", "--no-locale", "--no-sync"]
        subprocess.run(
            [postgresql() / "initdb", "--pgdata", self._cluster / "data", "--encoding", "UTF8", *settings],
            cwd=self._cluster,
            capture_output=True,
            check=True,
            **self._user,
        )

    def connection(self, database=_SUPERUSER):
        import psycopg2  # noqa: PLC0415 - where there is no database, it is not needed

        return psycopg2.connect(
            host="127.0.0.1", port=self._database_port, user=_SUPERUSER, password=_SUPERUSER_SECRET, dbname=database
        )

    def _database_answers(self):
        import psycopg2  # noqa: PLC0415

        assert self._processes["database"].poll() is None, (self.folder / "database.log").read_text()
        try:
            self.connection().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _run_sql(self, blocks):
        with contextlib.closing(self.connection()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in "".join(blocks).split(";")[:-1]:
                    cursor.execute(statement)

    def _environment(self):
        own = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]), "NO_PROXY": "*"}
        return {"HOME": str(self.folder)} | {k: v for k, v in os.environ.items() if k in {"TMPDIR", "LANG"}} | own


@contextlib.contextmanager
def _frozen(pid):
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


@contextlib.contextmanager
def team(folder):
    """Start a team's services; skip where there is no PostgreSQL."""
    if postgresql() is None:
        pytest.skip("PostgreSQL is not installed: `apt-get install postgresql`")
    services = Team(folder)
    try:
        services.start()
        yield services
    finally:
        services.stop()


def log_training(settings, model, environment, signs):
    """Log a training of many short epochs, as the helper process of a stage ``train`` does, and return what it said.

    It touches a file of the variant's name once some epochs are logged, and goes on with others until there is a file
    ``go-on``.

    Args:
        settings: of the training.
        model: the file of a model.
        environment: of who trains, in the repository that ``DVC_ROOT`` names.
        signs: the folder of these files.
    """
    from hemline.tracking import store_writer  # noqa: PLC0415 - in the processes that log only
    from hemline.tracking.messages import End, Epoch, Finish, Open, Start, now  # noqa: PLC0415
    from hemline.tracking.model_file import ModelFile  # noqa: PLC0415
    from hemline.training.served import Interface  # noqa: PLC0415

    os.chdir(environment["DVC_ROOT"])
    os.environ.update(environment)
    store_writer._SECONDS_BETWEEN_ATTEMPTS = store_writer._SECONDS_BETWEEN_WRITES = 0.5
    name = settings.variant
    with contextlib.redirect_stderr(io.StringIO()) as said:
        writer = store_writer.StoreWriter()
        writer.write(Open(settings))
        writer.write(Start(0, now(), training_id=name))
        epoch = 0
        while epoch < EPOCHS or not (signs / "go-on").exists():
            epoch += 1
            writer.write(Epoch(0, {"epoch": epoch, "loss": 1 / epoch}, now()))
            if epoch == EPOCHS:
                (signs / name).touch()
            time.sleep(0.1)
        time.sleep(store_writer._SECONDS_BETWEEN_ATTEMPTS)
        file = ModelFile(model, Interface(name, (4, 5), 3))
        writer.write(Finish(0, file, hashlib.sha256(name.encode()).hexdigest(), now()))
        writer.write(End("KILLED", now()))
    return epoch, said.getvalue()
