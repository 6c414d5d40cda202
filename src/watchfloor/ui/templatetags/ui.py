"""The component tags: keyword-only, typed, one small template each; a wrong argument fails when the template compiles.

The smallest ones (icon, badge, when), which stand a thousand times in a grid, are formatted here without a template.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.forms import BoundField
from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import spaced, visible_lines
from watchfloor.ui.charts import chart_table
from watchfloor.ui.contracts import SettingsPage, Tone
from watchfloor.ui.icons import icon_names
from watchfloor.ui.paging import page_links
from watchfloor.ui.printing import chart_script, styles
from watchfloor.ui.selectors import settings_groups
from watchfloor.ui.words import SEVERITY_TONES, THREAT_TONES, initials, relative

register = Library()

# Values longer than this get a copy button in a list of facts.
LONG_VALUE = 24


def _with(template: str, **context: Any) -> SafeString:
    return mark_safe(render_to_string(f"ui/{template}.html", context))  # noqa: S308 - our own templates, autoescaped


# --- the smallest -------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(*, name: str, label: str = "") -> SafeString:
    """A Tabler icon of the sprite; `label` names it for screen readers, else it is decoration."""
    if name not in icon_names():
        raise BadInput(f"there is no icon “{name}”; icons are {', '.join(sorted(icon_names()))}", place="icon")
    hidden = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="/static/ui/icons.svg#{}"></use></svg>', hidden, name)


@register.simple_tag
def badge(*, text: object, tone: str = "neutral", icon: str = "") -> SafeString:
    """A short word in a tone (neutral, info, success, warning, danger)."""
    picture = globals()["icon"](name=icon) if icon else ""
    return format_html('<span class="badge badge-{}">{}{}</span>', Tone(tone), picture, text)


@register.simple_tag
def severity(*, value: str) -> SafeString:
    """An alert's or incident's severity: high, medium, low, informational (any case)."""
    word = value.lower()
    tone = SEVERITY_TONES.get(word, Tone.NEUTRAL)
    return format_html('<span class="severity severity-{}">{}</span>', tone, value.capitalize() or "Unknown")


@register.simple_tag
def threat(*, value: str) -> SafeString:
    """A threat type: Malware, Phish, Spam, or empty for none."""
    if not value:
        return mark_safe('<span class="quiet">None</span>')
    tone = THREAT_TONES.get(value.lower(), Tone.WARNING)
    return format_html('<span class="badge badge-{}">{}</span>', tone, value)


@register.simple_tag
def when(*, value: datetime | None, now: datetime | None = None, exact: bool = False) -> SafeString:
    """A moment: relative words, the exact UTC time in the title; with `exact` the other way round; a dash when there is none."""
    if value is None:
        return mark_safe('<span class="quiet">–</span>')
    value = value.astimezone(UTC)
    moment = value.strftime("%Y-%m-%d %H:%M:%S")
    words = relative(value, now=now or utc_now())
    title, text = (words, moment) if exact else (f"{moment} UTC", words)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), title, text)


@register.simple_tag
def copy(*, text: object, label: str = "Copy") -> SafeString:
    """A button that copies `text`."""
    return _with("copy", text=text, label=label)


@register.simple_tag
def person(*, name: str, email: str = "", href: str = "") -> SafeString:
    """Somebody: initials, name, address."""
    return _with("person", name=name or email, email=email if name else "", href=href, initials=initials(name or email))


@register.filter
def visible(text: object) -> str:
    """Text from outside with its invisible and direction-changing characters written out, so that no name deceives."""
    return visible_lines(text)


register.filter("spaced", spaced)


# --- controls -----------------------------------------------------------------------------------------------------


@register.simple_tag
def button(
    *,
    label: str = "",
    href: str = "",
    icon: str = "",
    kind: str = "secondary",
    type: str = "button",
    name: str = "",
    value: str = "",
    form: str = "",
    disabled: bool = False,
    title: str = "",
    attrs: Mapping[str, Any] | None = None,
) -> SafeString:
    """A button, or a link that looks like one when `href` is given. `kind`: primary, secondary, subtle, danger.

    Without `label`, `title` names it. `attrs` are hx-, data- and aria- attributes; True stands alone, None is left out.
    """
    if kind not in {"primary", "secondary", "subtle", "danger"}:
        raise BadInput(f"“{kind}” is no kind of button", place="button")
    extra = {key: value for key, value in (attrs or {}).items() if value is not None and value is not False}
    for key in extra:
        if not key.startswith(("hx-", "data-", "aria-", "id", "popovertarget", "command", "download", "target")):
            raise BadInput(f"“{key}” is not an attribute a button takes", place="button")
    return _with("button", **{**locals(), "extra": extra})


@register.simple_tag
def field(*, field: BoundField, label: str = "") -> SafeString:
    """A form field: label, control, help, errors, tied together for screen readers."""
    widget = field.field.widget
    described = [f"{field.id_for_label}-help"] if field.help_text else []
    described += [f"{field.id_for_label}-error"] if field.errors else []
    attrs: dict[str, str | bool] = {"aria-describedby": " ".join(described)} if described else {}
    if field.errors:
        attrs["aria-invalid"] = "true"
    kind = getattr(widget, "input_type", "") or type(widget).__name__.lower()
    return _with("field", field=field, label=label or field.label, control=field.as_widget(attrs=attrs), kind=kind)


@register.simple_tag
def tabs(*, items: Sequence[Sequence[Any]], current: str, label: str = "Views") -> SafeString:
    """Links as tabs: items are (key, label, href) or (key, label, href, count or None)."""
    rows = [(item[0], item[1], item[2], item[3] if len(item) > 3 else None) for item in items]
    return _with("tabs", items=rows, current=current, label=label)


@register.simple_tag
def pager(*, page: int, total: int, size: int, href: str, label: str = "Pages") -> SafeString:
    """“41–60 of 1,234” with links; `page` from 1; `href` is the page's address without `page=`."""
    return _with("pager", label=label, **page_links(page=page, total=total, size=size, href=href))


@register.simple_tag
def progress(*, value: float, total: float, label: str) -> SafeString:
    """How far a thing is; the label stands beside it in words."""
    return _with("progress", value=value, total=total, label=label)


# --- content ------------------------------------------------------------------------------------------------------


@register.simple_block_tag
def card(content: str, *, title: str, href: str = "", icon: str = "") -> SafeString:
    """A titled box; `href` turns the title into a link."""
    return _with("card", content=content, title=title, href=href, icon=icon)


@register.simple_tag
def empty(*, title: str, text: str = "", href: str = "", label: str = "", icon: str = "mood-empty") -> SafeString:
    """What stands where data would: say what is missing and the next thing to do."""
    return _with("empty", title=title, text=text, href=href, label=label, icon=icon)


@register.simple_tag
def facts(*, items: Sequence[Sequence[Any]]) -> SafeString:
    """A list of (label, value) or (label, value, href); long plain values get a copy button, empty ones a dash."""
    rows = []
    for item in items:
        value = item[1]
        plain = isinstance(value, str) and not isinstance(value, SafeString)
        long = plain and len(value) > LONG_VALUE
        moment = value if isinstance(value, datetime) else None
        shown = visible_lines(value) if plain else value
        rows.append((item[0], shown, item[2] if len(item) > 2 else "", value if long else "", moment))
    return _with("facts", rows=rows)


@register.simple_tag
def stat(*, label: str, value: object, href: str = "", tone: str = "neutral", note: str = "") -> SafeString:
    """One number with its name."""
    return _with("stat", label=label, value=value, href=href, tone=Tone(tone), note=note)


@register.simple_tag
def notice(*, text: object, tone: str = "info", title: str = "") -> SafeString:
    """A message that stays on the page."""
    icons = {"success": "circle-check", "warning": "alert-triangle", "danger": "alert-octagon"}
    return _with("notice", text=text, tone=Tone(tone), title=title, icon=icons.get(tone, "info-circle"))


@register.simple_tag
def chart(*, id: str, kind: str, title: str, data: Mapping[str, Any], href: str = "", height: str = "m") -> SafeString:
    """A chart with its table: `kind` stacked, bar, line, donut, graph, sankey, map or scatter; `height` s, m or l.

    `data` is {"categories": [..], "series": [{"name", "values", "tone"?, "href"?}], "horizontal"?: True for a ranking} or {"nodes": [{"id", "name", "group"?, "href"?}],
    "links": [{"source", "target", "label"?}]} (for a sankey each node with its "column", each link with its "value"), for a map {"countries": [{"name": two letters, "label", "value", "href"?}], "noun"},
    for a scatter {"axis": "time", "number" or "category", "across", "up", "scatter": [{"name", "dots": [[x, y]]}]}; with "brush"
    ({"starts", "end", "href" with {from} and {to}}) a time can be chosen by dragging. `href` is opened on a click, with {series} and {category} filled in.
    """
    if kind not in {"stacked", "bar", "line", "donut", "graph", "sankey", "map", "scatter"}:
        raise BadInput(f"“{kind}” is no kind of chart", place="chart")
    heads, rows = chart_table(data)
    return _with(
        "chart", id=id, kind=kind, title=title, data=dict(data), href=href, height=height, heads=heads, rows=rows
    )


# --- the frame ----------------------------------------------------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def document_title(context: Context, content: str) -> SafeString:
    """The text of <title> from a page's `title` block; `page_heading` shows the same block again as the heading."""
    context.render_context["page_heading"] = mark_safe(content.strip())  # noqa: S308 - rendered by a template, escaped there
    plain = strip_tags(content).strip().replace("<", "&lt;")
    return mark_safe(f"{plain} · Watchfloor" if plain else "Watchfloor")  # noqa: S308


@register.simple_tag(takes_context=True)
def page_heading(context: Context) -> SafeString:
    """What `document_title` kept."""
    return SafeString(context.render_context.get("page_heading") or "")


@register.simple_tag(takes_context=True)
def settings_navigation(context: Context) -> SafeString:
    """The settings pages this person may open, the current one marked."""
    request = context.get("request")
    groups = settings_groups(actor=getattr(request, "actor", None))
    path = getattr(request, "path", "")
    pages = [page for _, some in groups for page in some if path.startswith(page.href)]
    here: list[SettingsPage] = sorted(pages, key=lambda page: len(page.href))
    return _with("settings_navigation", groups=groups, current=here[-1].key if here else "")


# --- printed documents --------------------------------------------------------------------------------------------


@register.simple_tag
def print_styles() -> SafeString:
    """All our styles, inline: a printed document loads nothing."""
    return mark_safe(f"<style>{styles()}</style>")  # noqa: S308 - our own files


@register.simple_tag
def print_charts() -> SafeString:
    """ECharts and our drawing, inline, for a printed document that holds charts; who prints it waits for `window.printReady`."""
    promise = "window.printReady = new Promise((done) => { window.printed = done; });"
    return mark_safe(f'<script>{promise}</script><script type="module">{chart_script()}</script>')  # noqa: S308 - our own files
