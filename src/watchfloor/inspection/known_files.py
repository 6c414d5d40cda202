"""Files known by their SHA-256: test files every scanner must find. The files themselves are not kept here."""

import base64

# Kept apart so that no scanner takes this module for the test file itself.
EICAR = base64.b64decode("RUlDQVItU1RBTkRBUkQtQU5USVZJUlVTLVRFU1QtRklMRQ==")
KNOWN_BAD = {
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f": "EICAR-Test-File",
    "131f95c51cc819465fa1797f6ccacf9d494aaaff46fa3eac73ae63ffbdfd8267": "EICAR-Test-File",
    "2546dcffc5ad854d4ddc64fbf056871cd5a00f2471cb7a5bfd4ac23b6e9eedad": "EICAR-Test-File (zip)",
    "e1105070ba828007508566e28a2b8d4c65d192e9eaf3b7868382b7cae747b397": "EICAR-Test-File (zip in zip)",
}
