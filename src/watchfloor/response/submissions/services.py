"""Verbs of submissions: hand in a mail, URL or file, dispute a result; mark reports and tell the reporters."""

from watchfloor.response.submissions.held import report_held
from watchfloor.response.submissions.other_kinds import submit_file, submit_urls
from watchfloor.response.submissions.policy import change as change_policy
from watchfloor.response.submissions.submitting import dispute, submit_mail
from watchfloor.response.submissions.triage import convert, mark_and_notify
from watchfloor.response.submissions.uploading import submit_upload

__all__ = [
    "change_policy",
    "convert",
    "dispute",
    "mark_and_notify",
    "report_held",
    "submit_file",
    "submit_mail",
    "submit_upload",
    "submit_urls",
]
