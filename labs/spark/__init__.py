"""A Spark cluster of one's own: a standalone master, two workers as processes of their own, and Spark Connect on top.

with Spark() as cluster:
    SparkEngine(address=cluster.address, ...)

Four JVMs: ready in about half a minute, 1.5 GB together. One for a whole run.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pyspark

from labs import Server, answers, free_ports, need

HOME = Path(pyspark.__file__).parent
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For JVMs that live for minutes."""


class Process(Server):
    """One of the cluster's processes."""

    start_seconds = 120

    def __init__(self, folder: Path, port: int, *arguments: str, memory: str = "192m") -> None:
        self.folder, self.port, self.arguments, self.memory = folder, port, arguments, memory
        folder.mkdir()

    def command(self) -> list[str]:
        return [
            "env",
            f"SPARK_HOME={HOME}",
            "SPARK_LOCAL_IP=127.0.0.1",
            f"SPARK_DAEMON_MEMORY={self.memory}",
            f"SPARK_DAEMON_JAVA_OPTS={QUICK}",
            f"SPARK_WORKER_DIR={self.folder}",
            f"PYSPARK_PYTHON={shutil.which('python3')}",
            *self.arguments,
        ]

    def is_up(self) -> bool:
        return answers(self.port)

    def log(self) -> str:
        return (self.folder / "stderr").read_text()[-4000:]


class Spark:
    """The whole cluster, on 127.0.0.1; `tasks` is into how many parts it divides what is gathered."""

    def __init__(self, *, workers: int = 2, tasks: int = 2) -> None:
        need("java")
        self.folder = Path(tempfile.mkdtemp(prefix="wfspark"))
        master, screen, connect, *rest = free_ports(3 + 2 * workers)
        self.address = f"sc://127.0.0.1:{connect}"
        self.master = f"spark://127.0.0.1:{master}"
        run = str(HOME / "bin" / "spark-class")
        host = ("--host", "127.0.0.1", "--webui-port")
        deploy = "org.apache.spark.deploy"
        self.processes = [
            Process(
                self.folder / "master", master, run, f"{deploy}.master.Master", *host, str(screen), "--port", str(master)
            ),
            *(
                Process(
                    self.folder / f"worker{number}", rest[2 * number], run, f"{deploy}.worker.Worker",
                    *host, str(rest[2 * number + 1]), "--port", str(rest[2 * number]), "--cores", "1", "--memory", "768m",
                    self.master,
                )
                for number in range(workers)
            ),
            Process(self.folder / "connect", connect, str(HOME / "bin" / "spark-submit"), *self._submitted(connect, tasks), memory="1g"),
        ]  # fmt: skip
        self._held = contextlib.ExitStack()

    def _submitted(self, port: int, tasks: int) -> list[str]:
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(port),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memory": "640m",
            "spark.executor.extraJavaOptions": QUICK,
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": str(tasks),
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
            "spark.sql.artifact.isolation.enabled": "false",
        }
        pairs = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
        server = "org.apache.spark.sql.connect.service.SparkConnectServer"
        return ["--master", self.master, "--class", server, *pairs, "spark-internal"]

    def __enter__(self) -> Self:
        try:
            for process in self.processes:
                self._held.enter_context(process)
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()
        shutil.rmtree(self.folder, ignore_errors=True)
