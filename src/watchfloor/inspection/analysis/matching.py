"""YARA rules over the pieces of one file, inside the limited process."""

from collections.abc import Iterable, Iterator

import yara_x

from watchfloor.inspection.analysis.contracts import Match

SECONDS = 5
MOST_MATCHES = 100
Sources = Iterable[tuple[str, str]]


class Rules:
    """The rules of these files, compiled; a broken file is left out and named in `broken`."""

    def __init__(self, sources: Sources) -> None:
        compiler = yara_x.Compiler()
        compiler.enable_includes(False)
        self.files, self.broken = 0, []
        for name, text in sources:
            compiler.new_namespace(name)
            try:
                compiler.add_source(text, origin=name)
                self.files += 1
            except yara_x.CompileError:
                self.broken.append(name)
        self._scanner = yara_x.Scanner(compiler.build())
        self._scanner.set_timeout(SECONDS)

    def matches(self, data: bytes, where: str) -> Iterator[Match]:
        """Every rule that meets these bytes. Raises yara_x.TimeoutError."""
        for rule in self._scanner.scan(data).matching_rules[:MOST_MATCHES]:
            said = {str(name): str(value) for name, value in rule.metadata}
            yield Match(rule.identifier, rule.namespace, where, said.get("description", "")[:300])
