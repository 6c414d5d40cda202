"""What a judged mail is after, as facts: whom it poses as, and which kind of request it makes (TE-047)."""

from watchfloor.inspection import brands
from watchfloor.inspection.contracts import Reason
from watchfloor.inspection.signals.sender import claimed_brand, claimed_person, imitated_domain
from watchfloor.inspection.view import View

_PAY = frozenset(["payroll", "deposit", "salary", "gehaltskonto", "lohnkonto", "gehalt", "paycheck"])
_PERSONAL = ("full", "name", "address", "phone", "telephone", "occupation", "mobile")


def intent_of(view: View, reasons: tuple[Reason, ...]) -> dict[str, str]:
    """`impersonated_user` (address), `impersonated_domain` and `threat_classification`, each where the mail shows it.

    `reasons` are those of a mail judged a threat; without them nothing is said of what it is after.
    """
    signals = {reason.signal for reason in reasons}
    found = {
        "impersonated_user": _user(view) if "own_person_outside" in signals else "",
        "impersonated_domain": _domain(view, signals),
        "threat_classification": _request(view, signals),
    }
    return {name: value for name, value in found.items() if value}


def _user(view: View) -> str:
    person = claimed_person(view)
    return person[1] if person else ""


def _domain(view: View, signals: set[str]) -> str:
    """Ours when the sender imitates or forges it, else the claimed brand's."""
    if "own_domain_forged" in signals:
        return view.sender_domain
    if own := imitated_domain(view):
        return own
    brand = claimed_brand(view) if "brand_display_name" in signals else ""
    return brands.main_domain(brand) if brand else ""


def _request(view: View, signals: set[str]) -> str:
    """The first kind of request that the words make, the most telling first."""
    if "gift_card_request" in signals:
        return "Gift card"
    if "bank_change_words" in signals:
        return "Payroll" if _PAY & set(" ".join(view.phrases["bank_change"]).split()) else "Invoice"
    if signals & {"call_about_charge", "payment_words", "document_words"}:
        return "Invoice"
    asked = " ".join(view.phrases.get("fortune", ()))
    if signals & {"account_words", "account_call", "password_field"} or any(
        word in asked.split() for word in _PERSONAL
    ):
        return "PII gathering"
    if "errand_words" in signals:
        return "Task"
    return "Contact establishment" if "appeal_words" in signals else ""
