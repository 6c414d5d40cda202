"""One file per playbook; each is found by being here."""
