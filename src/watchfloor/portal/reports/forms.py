"""The form of a schedule."""

from typing import Any

from django import forms

from watchfloor.portal.models import WEEKDAYS
from watchfloor.portal.reports.schedules import LAST_DAY, PERIODS


class ScheduleForm(forms.Form):
    """When a report goes to whom; what does not belong to the chosen period is not looked at."""

    name = forms.CharField(max_length=100, help_text="Stands first in the mail's subject")
    recipients = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), help_text="One address per line. They get what the report shows."
    )
    period = forms.ChoiceField(
        label="Send it",
        choices=list(PERIODS.items()),
        initial="weekly",
        help_text="Every day: yesterday. Every week: the seven days before. Every month: the month before. Once: the days shown.",
    )
    weekday = forms.TypedChoiceField(
        label="Weekday, when weekly", choices=list(enumerate(WEEKDAYS)), coerce=int, initial=0, required=False
    )
    day = forms.IntegerField(
        label="Day of the month, when monthly", min_value=1, max_value=LAST_DAY, initial=1, required=False
    )
    hour = forms.IntegerField(label="Hour of the day", min_value=0, max_value=23, initial=7, required=False)

    def schedule(self) -> dict[str, Any]:
        """The arguments of `add_schedule`."""
        said = self.cleaned_data
        numbers = {"weekday": 0, "day": 1, "hour": 7}
        chosen = {name: said[name] if said.get(name) not in (None, "") else usual for name, usual in numbers.items()}
        return {
            "name": said["name"],
            "recipients": said["recipients"].replace(",", " ").split(),
            "period": said["period"],
            **chosen,
        }
