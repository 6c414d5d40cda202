"""The questions playbooks share: each reads the lake and says what it found; none changes anything."""
