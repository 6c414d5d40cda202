# The words people type; run.py does the work, so that nothing here needs more than make and Python.
PYTHON ?= python3

.PHONY: env demo test test-scale check serve fuzz requirements
env demo test test-scale check serve fuzz:
	@$(PYTHON) run.py $@

bench-%:
	@$(PYTHON) run.py bench $*

requirements: env  ## Pin anew, with hashes and without index addresses
	.uv/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --python-platform x86_64-manylinux_2_36 pyproject.toml -o requirements/base.txt
	.uv/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --python-platform x86_64-manylinux_2_36 --extra dev pyproject.toml -c requirements/base.txt --override requirements/overrides.txt -o requirements/dev.txt
