"""A worker of its own for the tests of durable jobs: `python worker_program.py HOME` runs until it is killed.

The workflow writes a line per step into HOME/lines; its second step waits for HOME/go. Every connection that leaves
the machine's own files is written to HOME/network.
"""

import sys
import time
from pathlib import Path

home = Path(sys.argv[1])


def watch(event: str, arguments: tuple) -> None:
    if event == "socket.connect" and not isinstance(arguments[1], str):
        with (home / "network").open("a") as file:
            file.write(f"{arguments[1]}\n")


def main() -> None:
    from django.conf import settings

    from watchfloor.config.options import Options

    settings.configure(HOME=home, WATCHFLOOR=Options(home=str(home), database_url=sys.argv[2]))
    from dbos import DBOS

    from watchfloor.runtime.jobs import launch_jobs

    def note(text: str) -> None:
        with (home / "lines").open("a") as file:
            file.write(text + "\n")

    @DBOS.step()
    def first(name: str) -> str:
        note(f"first {name}")
        return name.upper()

    @DBOS.step()
    def second(name: str) -> str:
        note(f"second begins {name}")
        while not (home / "go").exists():
            time.sleep(0.02)
        note(f"second ends {name}")
        return name + "!"

    @DBOS.step()
    def third(name: str) -> None:
        note(f"third {name}")

    @DBOS.workflow(name="test.three_steps", max_recovery_attempts=None)
    def three_steps(name: str) -> None:
        third(second(first(name)))

    @DBOS.workflow(name="test.fails")
    def fails() -> None:
        raise RuntimeError("on purpose")

    launch_jobs()
    print("ready", flush=True)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    if sys.argv[2] == "":
        sys.addaudithook(watch)
    main()
