"""Verbs of submissions: hand in a mail, URL or file, dispute a result."""

from watchfloor.response.submissions.other_kinds import submit_file, submit_urls
from watchfloor.response.submissions.submitting import dispute, submit_mail

__all__ = ["dispute", "submit_file", "submit_mail", "submit_urls"]
