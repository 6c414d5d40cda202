"""The links of the self-service page: signed, for one recipient, for a time; a new key of the settings ends all older ones.

Whoever holds the link is the recipient, as whoever reads the mailbox it was sent to is. It says nothing that its holder does not
know, and a wrong one is answered as an old one.
"""

from django.conf import settings
from django.core import signing

from watchfloor.kernel.errors import NotFound
from watchfloor.response.quarantine.page_models import DigestSettings

ONLY = 1
SALT = "quarantine.mine"
LONGEST = 1_000
PATH = "/quarantine/mine"


def digest_settings() -> DigestSettings:
    """The one row; its defaults while nobody changed them. The logo is read when it is asked for."""
    return DigestSettings.objects.defer("logo").filter(pk=ONLY).first() or DigestSettings(pk=ONLY)


def token_for(recipient: str, *, said: DigestSettings) -> str:
    """A new token for this recipient."""
    return _signer(said).sign_object([recipient.strip().lower()])


def recipient_of(token: str, *, said: DigestSettings) -> str:
    """Whose token this is. Raises NotFound for one that is forged, too old, or of an older key: nobody learns which."""
    try:
        if len(token) > LONGEST:
            raise signing.BadSignature
        (recipient,) = _signer(said).unsign_object(token, max_age=said.link_days * 86_400)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound("this link does not work any more") from None
    return str(recipient)


def address_for(recipient: str, *, said: DigestSettings) -> str:
    """The whole link as a mail carries it, below the operator's public address."""
    base = settings.WATCHFLOOR.address.rstrip("/")
    return f"{base}{PATH}/{token_for(recipient, said=said)}"


def _signer(said: DigestSettings) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{SALT}.{said.links}", sep=".")
