"""Submissions: what people report as suspicious, and what analysts hand in for a second look.

Reads the mail that connections accepted (report mailboxes, report folders), the lake and the organisation's entries.
Gives the triage queue, answers to reporters, verdicts with their checks, and `services.submit_mail` for other pages.
"""
