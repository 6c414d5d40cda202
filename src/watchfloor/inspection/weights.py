"""How much each signal counts. A signal can only add suspicion, so every score is the sum of what it lists.

Points of rules that were rare or absent in the training mail are set by hand; the others were fitted by logistic
regression with no weight below zero, on mail that is not part of the project.
"""

from dataclasses import dataclass

from watchfloor.inspection.contracts import ThreatType

THRESHOLD = 5.0
HIGH = 9.0
EITHER = None
MALWARE, PHISH, SPAM = ThreatType.MALWARE, ThreatType.PHISH, ThreatType.SPAM


@dataclass(frozen=True, slots=True)
class Weight:
    """`points` towards the threshold of 5; `kind` is the threat it speaks for, None when for
    phish and spam alike; `method` is Defender's detection technology."""

    points: float
    kind: ThreatType | None
    method: str = "General filter"


_BLOCK = "General filter"
WEIGHTS: dict[str, Weight] = {
    # What the organisation itself decided.
    "blocked_sender": Weight(10, PHISH, _BLOCK),
    "blocked_domain": Weight(10, PHISH, _BLOCK),
    "blocked_ip": Weight(10, SPAM, "IP reputation"),
    "indicator_sender": Weight(7, PHISH, "Domain reputation"),
    "indicator_url": Weight(7, PHISH, "URL malicious reputation"),
    "indicator_ip": Weight(7, EITHER, "IP reputation"),
    "indicator_file": Weight(10, MALWARE, "File reputation"),
    # Said, never counted: whoever gives this evidence gives it 0 points.
    "allowed_url": Weight(0.1, EITHER),
    "allowed_file": Weight(0.1, EITHER),
    "blocked_url": Weight(10, PHISH, "URL malicious reputation"),
    "blocked_file": Weight(10, MALWARE, "File reputation"),
    # What earlier mail says; added after the mail's own, see lake.history. Set by hand.
    "first_contact": Weight(0.5, EITHER, "Mixed analysis detection"),
    "new_domain": Weight(1, EITHER, "Mixed analysis detection"),
    "usual_proof_missing": Weight(2, PHISH, "Spoof external domain"),
    "name_from_elsewhere": Weight(1, PHISH, "Mailbox intelligence impersonation"),
    "reply_swap": Weight(1.5, PHISH, "Mixed analysis detection"),
    # What its campaign is taken for; the points come with the evidence, see lake.campaign_verdicts.
    "campaign_judged": Weight(5, PHISH, "Campaign"),
    "campaign_judged_malware": Weight(5, MALWARE, "Campaign"),
    "campaign_judged_spam": Weight(5, SPAM, "Campaign"),
    # What our own Microsoft 365 judged, see microsoft.py, which gives 5 points or, where it is sure, 9. Set by hand.
    "microsoft_malware": Weight(5, MALWARE, "Antimalware protection"),
    "microsoft_phish": Weight(5, PHISH),
    "microsoft_spam": Weight(5, SPAM),
    # What a spam filter of ours wrote into the headers, see upstream.py, which scales by the filter's score. Set by hand.
    "filter_spam": Weight(5, SPAM),
    "filter_doubt": Weight(2.5, EITHER),
    # Files.
    "known_bad_file": Weight(12, MALWARE, "Antimalware protection"),
    "executable_attachment": Weight(6, MALWARE, "Antimalware protection"),
    "executable_in_archive": Weight(6, MALWARE, "Antimalware protection"),
    "auto_macro": Weight(6, MALWARE, "Antimalware protection"),
    "double_extension": Weight(5, MALWARE, "Antimalware protection"),
    "html_smuggling": Weight(4, MALWARE, "Antimalware protection"),
    "encrypted_with_password": Weight(5, MALWARE, "Antimalware protection"),
    "archive_bomb": Weight(5, MALWARE, "Antimalware protection"),
    "macro_document": Weight(2, MALWARE, "Antimalware protection"),
    "disk_image": Weight(3, MALWARE, "Antimalware protection"),
    "type_mismatch": Weight(1.5, MALWARE, "Antimalware protection"),
    "encrypted_archive": Weight(1, MALWARE, "Antimalware protection"),
    "html_login_attachment": Weight(5, PHISH, "Mixed analysis detection"),
    "html_attachment": Weight(1, PHISH, "Mixed analysis detection"),
    # Who it claims to be from.
    "brand_display_name": Weight(3.5, PHISH, "Impersonation brand"),
    "brand_address": Weight(2, PHISH, "Impersonation brand"),
    "own_person_outside": Weight(3.5, PHISH, "Impersonation user"),
    "own_domain_lookalike": Weight(4, PHISH, "Impersonation domain"),
    "own_domain_forged": Weight(2, PHISH, "Spoof intra-org"),
    "dmarc_fail": Weight(2, PHISH, "Spoof DMARC"),
    "composite_fail": Weight(1, EITHER, "Spoof external domain"),
    "spf_fail": Weight(1, EITHER, "Spoof external domain"),
    "dkim_fail": Weight(0.7, EITHER, "Spoof external domain"),
    "reply_to_free_mail": Weight(3, EITHER, "Mixed analysis detection"),
    "reply_to_elsewhere": Weight(0.3, EITHER, "Mixed analysis detection"),
    "sender_disguised": Weight(2.5, PHISH, "Mixed analysis detection"),
    "sender_two_addresses": Weight(1.5, PHISH, "Mixed analysis detection"),
    "several_from": Weight(2, PHISH, "Mixed analysis detection"),
    "sender_is_recipient": Weight(0.8, EITHER, "Mixed analysis detection"),
    "sender_digits": Weight(1.5, EITHER, "Domain reputation"),
    "sender_risky_ending": Weight(2.3, EITHER, "Domain reputation"),
    "sender_free_hosting": Weight(1, EITHER, "Domain reputation"),
    "no_sender": Weight(0.5, EITHER),
    # Where it leads.
    "link_text_brand": Weight(3.5, PHISH, "URL malicious reputation"),
    "link_text_differs": Weight(0.5, EITHER, "URL malicious reputation"),
    "brand_in_link": Weight(3, PHISH, "Impersonation brand"),
    "lookalike_link": Weight(4, PHISH, "Impersonation domain"),
    "shortener": Weight(2.5, EITHER, "URL malicious reputation"),
    "risky_ending": Weight(2.2, EITHER, "URL malicious reputation"),
    "free_hosting": Weight(1.9, EITHER, "URL malicious reputation"),
    "ip_url": Weight(2, PHISH, "URL malicious reputation"),
    "punycode_url": Weight(2, PHISH, "URL malicious reputation"),
    "user_in_url": Weight(2.5, PHISH, "URL malicious reputation"),
    "odd_port": Weight(0.7, EITHER, "URL malicious reputation"),
    "recipient_in_url": Weight(1.9, EITHER, "URL malicious reputation"),
    "script_url": Weight(1.5, PHISH, "URL malicious reputation"),
    "qr_link": Weight(2, PHISH, "Mixed analysis detection"),
    "pdf_link": Weight(1, EITHER, "Mixed analysis detection"),
    "form": Weight(0.4, EITHER, "Mixed analysis detection"),
    "password_field": Weight(3, PHISH, "Mixed analysis detection"),
    # What it says.
    "credential_link": Weight(3, PHISH, "Advanced filter"),
    "credential_words": Weight(0.5, PHISH, "Advanced filter"),
    "urgency_words": Weight(0.6, EITHER, "Advanced filter"),
    "payment_words": Weight(2, PHISH, "Advanced filter"),
    "parcel_words": Weight(2.2, PHISH, "Advanced filter"),
    "crypto_words": Weight(2.8, PHISH, "Advanced filter"),
    "extortion_words": Weight(3.5, PHISH, "Advanced filter"),
    "gift_card_request": Weight(3, PHISH, "Advanced filter"),
    "errand_words": Weight(1.5, PHISH, "Advanced filter"),
    "generic_greeting": Weight(2.6, EITHER, "Advanced filter"),
    "prize_words": Weight(1.7, SPAM, "Advanced filter"),
    "advance_fee_words": Weight(0.3, SPAM, "Advanced filter"),
    "many_advance_fee_words": Weight(2, SPAM, "Advanced filter"),
    "adult_words": Weight(0.6, SPAM, "Advanced filter"),
    "health_words": Weight(0.5, SPAM, "Advanced filter"),
    "offer_words": Weight(0.6, SPAM, "Advanced filter"),
    "subject_urgent": Weight(1.6, EITHER, "Advanced filter"),
    "subject_shouting": Weight(1, EITHER, "Advanced filter"),
    "subject_emoji": Weight(1.5, EITHER, "Advanced filter"),
    "subject_code": Weight(1.2, EITHER, "Advanced filter"),
    "recipient_in_subject": Weight(2.2, EITHER, "Advanced filter"),
    "sender_emoji": Weight(2, EITHER, "Advanced filter"),
    "subject_exclaims": Weight(1, EITHER, "Advanced filter"),
    "fake_reply": Weight(0.3, EITHER, "Advanced filter"),
    # How it is made.
    "hidden_letters": Weight(2.9, EITHER, "Advanced filter"),
    "hidden_text": Weight(1.5, EITHER, "Advanced filter"),
    "much_hidden_text": Weight(2, EITHER, "Advanced filter"),
    "linked_image_only": Weight(2.4, EITHER, "Advanced filter"),
    "short_with_link": Weight(2, EITHER, "Advanced filter"),
    "hotlinked_picture": Weight(2.5, EITHER, "Advanced filter"),
    "rented_machine": Weight(0.5, EITHER, "Advanced filter"),
    "php_mailer": Weight(0.4, EITHER, "Advanced filter"),
    "bulk": Weight(0.3, SPAM, "Bulk"),
    "test_spam": Weight(20, SPAM, "General filter"),
    # What other filters say; their scores are scaled by who asks them.
    "rspamd_opinion": Weight(3, EITHER),
    "rspamd_spam": Weight(3, SPAM),
    "rspamd_phish": Weight(5, PHISH, "Mixed analysis detection"),
    "rspamd_virus": Weight(10, MALWARE, "Antimalware protection"),
    "clamav_found": Weight(12, MALWARE, "Antimalware protection"),
    "clamav_phish": Weight(8, PHISH, "Antimalware protection"),
    "clamav_spam": Weight(6, SPAM),
    "yara_match": Weight(6, MALWARE, "Antimalware protection"),
    "yara_phish": Weight(5, PHISH, "Advanced filter"),
    "yara_spam": Weight(5, SPAM, "Advanced filter"),
}
