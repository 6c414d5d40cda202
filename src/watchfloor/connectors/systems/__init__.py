"""One folder per system; each exposes `SYSTEM` (connectors.contracts.System) and is found by walking."""
