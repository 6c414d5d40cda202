"""The words recipients read, in the digest mail and on their page, in each language; a house test compares the keys."""

from collections.abc import Mapping

from watchfloor.response.quarantine.contracts import CopyStatus, HeldReason

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
ENGLISH: Mapping[str, str] = {
    "title": "Your quarantined mail",
    "subtitle": "Mail for {recipient} that was held back because it may be dangerous or unwanted.",
    "digest_subject_one": "1 message is held in quarantine for you",
    "digest_subject": "{count} messages are held in quarantine for you",
    "digest_lead": "These messages for {recipient} were held back because they may be dangerous or unwanted:",
    "digest_more": "… and {count} more on the page.",
    "digest_link": "See them, and decide what becomes of them:",
    "digest_link_note": "The link is yours alone and works for {days} days. Do not forward it. Nothing happens until you press a "
    "button on the page.",
    "digest_no_link": "Ask your security team if you miss one of them.",
    "from": "From",
    "subject": "Subject",
    "received": "Received",
    "reason": "Reason",
    "expires": "Kept until",
    "status": "State",
    "no_subject": "(no subject)",
    "nothing": "Nothing is held for you",
    "nothing_text": "Mail that is held back appears here, and is deleted when its time is over.",
    "preview": "Preview",
    "headers": "Headers",
    "release": "Release",
    "request": "Request release",
    "delete": "Delete",
    "block": "Block sender",
    "allow": "Allow sender",
    "why": "Why do you need it? (optional)",
    "back": "Back to the list",
    "safe_view": "Links and pictures are off. What you see cannot do anything.",
    "plain": "Text only",
    "with_format": "With formatting",
    "senders": "Your senders",
    "senders_text": "They count for your mailbox alone. An allowed sender never brings malware through.",
    "blocked": "blocked",
    "allowed": "allowed",
    "forget": "Remove",
    "done_release": "The message is on its way to your mailbox.",
    "done_request": "Your request was sent to the security team.",
    "done_delete": "The message was deleted.",
    "done_block": "The sender is blocked for your mailbox.",
    "done_allow": "The sender is allowed for your mailbox.",
    "done_forget": "The sender was removed from your list.",
    "refused": "This is no longer possible: the message has changed, or the organisation does not allow it.",
    "gone": "This message is no longer kept.",
    "bad_link": "This link does not work any more",
    "bad_link_text": "Links to the quarantine end after some days. The next summary brings a new one; or ask your security team.",
    "too_often": "Too many requests",
    "too_often_text": "Wait a minute and try again.",
    "other_language": "Deutsch",
}
GERMAN: Mapping[str, str] = {
    "title": "Ihre Nachrichten in Quarantäne",
    "subtitle": "Nachrichten an {recipient}, die zurückgehalten wurden, weil sie gefährlich oder unerwünscht sein können.",
    "digest_subject_one": "1 Nachricht wird für Sie in Quarantäne gehalten",
    "digest_subject": "{count} Nachrichten werden für Sie in Quarantäne gehalten",
    "digest_lead": "Diese Nachrichten an {recipient} wurden zurückgehalten, weil sie gefährlich oder unerwünscht sein können:",
    "digest_more": "… und {count} weitere auf der Seite.",
    "digest_link": "Ansehen und entscheiden, was mit ihnen geschieht:",
    "digest_link_note": "Der Link gilt nur für Sie und {days} Tage lang. Leiten Sie ihn nicht weiter. Es geschieht nichts, bevor Sie "
    "auf der Seite eine Schaltfläche drücken.",
    "digest_no_link": "Fragen Sie Ihr Sicherheitsteam, wenn Sie eine davon vermissen.",
    "from": "Von",
    "subject": "Betreff",
    "received": "Eingegangen",
    "reason": "Grund",
    "expires": "Aufbewahrt bis",
    "status": "Zustand",
    "no_subject": "(kein Betreff)",
    "nothing": "Für Sie wird nichts zurückgehalten",
    "nothing_text": "Zurückgehaltene Nachrichten erscheinen hier und werden gelöscht, wenn ihre Frist abgelaufen ist.",
    "preview": "Vorschau",
    "headers": "Kopfzeilen",
    "release": "Freigeben",
    "request": "Freigabe anfragen",
    "delete": "Löschen",
    "block": "Absender blockieren",
    "allow": "Absender zulassen",
    "why": "Wozu brauchen Sie sie? (freiwillig)",
    "back": "Zurück zur Liste",
    "safe_view": "Links und Bilder sind ausgeschaltet. Was Sie sehen, kann nichts auslösen.",
    "plain": "Nur Text",
    "with_format": "Mit Gestaltung",
    "senders": "Ihre Absender",
    "senders_text": "Sie gelten nur für Ihr Postfach. Auch ein zugelassener Absender bringt keine Schadsoftware durch.",
    "blocked": "blockiert",
    "allowed": "zugelassen",
    "forget": "Entfernen",
    "done_release": "Die Nachricht ist auf dem Weg in Ihr Postfach.",
    "done_request": "Ihre Anfrage ging an das Sicherheitsteam.",
    "done_delete": "Die Nachricht wurde gelöscht.",
    "done_block": "Der Absender ist für Ihr Postfach blockiert.",
    "done_allow": "Der Absender ist für Ihr Postfach zugelassen.",
    "done_forget": "Der Absender wurde von Ihrer Liste entfernt.",
    "refused": "Das ist nicht mehr möglich: Die Nachricht hat sich geändert, oder Ihre Organisation lässt es nicht zu.",
    "gone": "Diese Nachricht wird nicht mehr aufbewahrt.",
    "bad_link": "Dieser Link funktioniert nicht mehr",
    "bad_link_text": "Links zur Quarantäne laufen nach einigen Tagen ab. Die nächste Übersicht bringt einen neuen; oder fragen Sie "
    "Ihr Sicherheitsteam.",
    "too_often": "Zu viele Anfragen",
    "too_often_text": "Warten Sie eine Minute und versuchen Sie es erneut.",
    "other_language": "English",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "de": GERMAN}
GERMAN_REASONS: Mapping[str, str] = {
    HeldReason.MALWARE: "Schadsoftware",
    HeldReason.SURE_PHISH: "Phishing (hohe Sicherheit)",
    HeldReason.PHISH: "Phishing",
    HeldReason.SPAM: "Spam",
    HeldReason.BULK: "Massenmail",
    HeldReason.FILE_TYPE: "Gesperrter Dateityp",
    HeldReason.ADMIN: "Vom Sicherheitsteam entfernt",
}
GERMAN_STATES: Mapping[str, str] = {
    CopyStatus.NEEDS_REVIEW: "Zurückgehalten",
    CopyStatus.REQUESTED: "Freigabe angefragt",
    CopyStatus.APPROVED: "Freigabe genehmigt",
    CopyStatus.DENIED: "Freigabe abgelehnt",
    CopyStatus.RELEASED: "Freigegeben",
}


def words_of(language: str) -> Mapping[str, str]:
    """All words of a language, English for one we do not speak."""
    return WORDS.get(language, ENGLISH)


def reason_in(language: str, reason: str) -> str:
    return GERMAN_REASONS.get(reason, reason) if language == "de" else reason


def state_in(language: str, status: str) -> str:
    return GERMAN_STATES.get(status, status) if language == "de" else status
