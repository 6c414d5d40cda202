"""About what other people said of these mails."""

from watchfloor.investigations.case import Case, hunted, quoted
from watchfloor.investigations.contracts import Found, FoundEntity, Verdict
from watchfloor.kernel.text import some


def who_reported(case: Case) -> Found:
    """Reports of these mails and of their campaign (AI-32)."""
    clusters = [one for one in case.values("EmailClusterId") if one != "0"]
    if not case.seeds.messages:
        return Found("There is no mail that could have been reported.")
    ids = quoted(case.seeds.messages[:200])
    alike = f" or EmailClusterId in ({', '.join(clusters[:20])})" if clusters else ""
    text = (
        f"let Alike = EmailEvents | where NetworkMessageId in ({ids}){alike} | distinct NetworkMessageId;\n"
        'EmailPostDeliveryEvents\n| where ActionType == "User reported" and NetworkMessageId in (Alike)\n'
        "| project Timestamp, NetworkMessageId, Reporter = RecipientEmailAddress, Action\n| sort by Timestamp desc"
    )
    question, rows = hunted(text, now=case.now)
    people = tuple(dict.fromkeys(str(row["Reporter"]) for row in rows if row["Reporter"]))
    entities = tuple(
        FoundEntity(
            "submission",
            f"{row['NetworkMessageId']}|{row['Reporter']}",
            str(row["Action"]),
            facts={"reporter": row["Reporter"], "at": row["Timestamp"].isoformat(), "message": row["NetworkMessageId"]},
        )
        for row in rows[:100]
    )
    answer = (
        f"{some(len(rows), 'report')} by {some(len(people), 'person', 'people')}."
        if rows
        else "Nobody reported it or a mail like it."
    )
    return Found(answer, Verdict.UNKNOWN, (question,), entities=entities)
