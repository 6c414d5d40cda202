"""Nothing of one test's failed sign-ins is left for the next."""

import pytest

PASSWORD = "correct horse battery staple"


@pytest.fixture
def password():
    return PASSWORD


@pytest.fixture
def sign_in(client):
    def attempt(email, secret=PASSWORD, **more):
        return client.post("/sign-in", {"username": email, "password": secret, **more})

    return attempt
