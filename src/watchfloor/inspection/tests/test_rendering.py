"""Pictures of hostile HTML and printed documents of ours: made by a real Chromium that reaches nothing."""

import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import time

import pytest
from PIL import Image

from labs import need
from watchfloor.inspection.rendering import confine
from watchfloor.inspection.rendering.browser import browser
from watchfloor.inspection.rendering.contracts import BrowserEnded, Cage, NoChromium, NoRenderer, TooLarge, TooSlow
from watchfloor.inspection.rendering.pages import decoded, guarded, trimmed
from watchfloor.inspection.rendering.pictures import kind_of, with_pictures
from watchfloor.inspection.rendering.program import choose_chromium
from watchfloor.inspection.services import print_pdf, render_png
from watchfloor.inspection.tests.listening import Listening

RED, GREEN, WHITE = (255, 0, 0), (0, 128, 0), (255, 255, 255)
PATIENT = Cage(seconds=90)
"""The machine of a test may be busy."""


@pytest.fixture
def chromium():
    need("/usr/bin/chromium")


def drawn(html, **how):
    return Image.open(io.BytesIO(render_png(html, cage=PATIENT, **how))).convert("RGB")


def colours(picture):
    return {colour for _, colour in picture.getcolors(1 << 24)}


def dot(colour):
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, "PNG")
    return out.getvalue()


def test_a_mail_is_drawn_as_wide_as_asked_and_as_tall_as_it_is(chromium):
    picture = drawn("<body style='margin:0'><div style='background:red;height:300px'>", width=500)
    assert picture.width == 500
    assert picture.getpixel((10, 10)) == RED
    assert 290 <= picture.height <= 340


def test_a_flood_of_height_is_cut(chromium):
    assert drawn("<div style='height:90000px'></div>end", tallest=900).height <= 900


def test_scripts_of_a_stranger_do_not_run(chromium):
    html = "<body style='background:green'><script>document.body.style.background='red'</script><p onclick=x>hello"
    html += "<img src=x onerror=\"document.body.style.background='red'\"><svg onload=\"document.body.style.background='red'\">"
    assert RED not in colours(drawn(html))


def test_pictures_of_the_mail_itself_are_drawn_and_remote_ones_left_out(chromium):
    html = "<img src='cid:logo@x'><img src='http://127.0.0.1:1/remote.png'>"
    assert GREEN in colours(drawn(html, pictures={"logo@x": dot(GREEN)}))
    assert GREEN not in colours(drawn(html, pictures={"logo@x": b"<svg onload=alert(1)>"}))


KNOCKS = """<meta http-equiv=refresh content="0;url=http://127.0.0.1:{port}/refresh">
<link rel=dns-prefetch href="//127.0.0.1:{port}"><link rel=preconnect href="http://127.0.0.1:{port}">
<link rel=stylesheet href="http://127.0.0.1:{port}/a.css"><style>@import url(http://127.0.0.1:{port}/b.css);
@font-face {{font-family:f; src:url(http://127.0.0.1:{port}/f.woff)}} p {{font-family:f; background:url(https://127.0.0.1:{port}/bg)}}</style>
<p>text<iframe src="http://127.0.0.1:{port}/frame"></iframe><object data="http://127.0.0.1:{port}/o"></object>
<iframe srcdoc="<img src='http://127.0.0.1:{port}/inner'>"></iframe><embed src="http://127.0.0.1:{port}/e">
<img src="http://127.0.0.1:{port}/i.png" srcset="https://localhost:{port}/j.png 2x"><video src="http://127.0.0.1:{port}/v" autoplay></video>
<svg><image href="http://127.0.0.1:{port}/s" /></svg><a ping="http://127.0.0.1:{port}/p" href="ftp://127.0.0.1:{port}/">x</a>
<script>fetch("http://127.0.0.1:{port}/fetch"); new WebSocket("ws://127.0.0.1:{port}/ws");
let c = new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{port}"}}]}}); c.createDataChannel("x");
c.createOffer().then(o => c.setLocalDescription(o)); navigator.sendBeacon("http://127.0.0.1:{port}/beacon");
location = "http://127.0.0.1:{port}/go"; window.open("http://127.0.0.1:{port}/open")</script>"""


@pytest.mark.parametrize("network", [True, False], ids=["in its own network", "by the other locks alone"])
def test_nothing_that_hostile_html_asks_for_leaves_the_machine(chromium, network):
    with Listening() as server:
        html = KNOCKS.format(port=server.port)
        render_png(html, cage=Cage(seconds=90, network=network))
        time.sleep(0.3)
    assert server.knocks == []


def test_even_our_own_documents_whose_scripts_run_reach_nothing(chromium):
    with Listening() as server:
        script = KNOCKS.format(port=server.port)
        assert print_pdf(f"<!doctype html><title>x</title>{script}", cage=PATIENT).startswith(b"%PDF-")
        time.sleep(0.3)
    assert server.knocks == []


def test_files_of_this_machine_are_not_shown(chromium, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(dot(RED))
    secret.chmod(0o644)
    assert RED not in colours(drawn(f"<img src='file://{secret}'><iframe src='file://{secret}'></iframe>text"))


def test_a_document_of_ours_is_printed_after_it_has_drawn(chromium):
    html = """<!doctype html><style>@page {size: A5}</style><p id=x></p><script>
    window.printReady = new Promise(done => setTimeout(() => { document.getElementById("x").textContent = "drawn"; done() }, 50))
    </script>"""
    pdf = print_pdf(html, cage=PATIENT)
    assert pdf.startswith(b"%PDF-")
    assert b"/Count 1" in pdf or b"/Type /Pages" in pdf


def test_a_browser_that_takes_too_long_is_ended_and_says_so(chromium):
    with pytest.raises(TooSlow) as told:
        print_pdf("<script>for (;;) {}</script>", cage=Cage(seconds=3))
    assert told.value.retry


def test_a_browser_that_takes_too_much_memory_is_ended(chromium):
    grabs = "<script>window.kept = []; window.printReady = (async () => { for (;;) { kept.push(new Uint8Array(1 << 24).fill(1)); "
    grabs += "await new Promise(done => setTimeout(done)) } })()</script>"
    with pytest.raises(NoRenderer):
        print_pdf(grabs, cage=Cage(seconds=60, memory=400 << 20))


def test_nothing_of_a_browser_is_left_afterwards(chromium):
    with tempfile.TemporaryDirectory(prefix="w") as folder, pytest.MonkeyPatch.context() as patch:
        os.chmod(folder, 0o755)  # the folders of tests are closed to the nobody that the browser is
        patch.setattr("tempfile.tempdir", folder)
        with browser(scripts=False, cage=PATIENT) as tools:
            tools.call("Browser.getVersion")
            assert os.listdir(folder)
        assert os.listdir(folder) == []


HANDED = """import os, sys
wanted = [int(one) for one in sys.argv[2:]]
sys.path.insert(0, sys.argv[1])
import confine
ends = [end for pipe in (os.pipe(), os.pipe()) for end in pipe]
high = [os.dup2(end, 900 + at) for at, end in enumerate(ends)]
os.closerange(3, 900)
os.dup2(high[0], wanted[0]), os.dup2(high[3], wanted[1])
os.write(high[1], b"command")
confine.hand_over(*wanted)
print(os.read(3, 7).decode(), os.write(4, b"answer"), *sorted(map(int, os.listdir("/proc/self/fd"))))
"""


@pytest.mark.parametrize("numbers", [(3, 4), (4, 3), (16, 17), (17, 16), (27, 30), (30, 31), (31, 30), (300, 301)])
def test_the_pipe_is_handed_over_whatever_its_numbers_are(numbers):
    """A busy portal has many files open; once, an answer on number 30 was overwritten by the commands."""
    folder = os.path.dirname(confine.__file__)
    told = subprocess.run([sys.executable, "-c", HANDED, folder, *map(str, numbers)], capture_output=True, text=True)
    ours = [0, 1, 2, 3, 4, 5, 900, 901, 902, 903]  # 5 is the listing itself
    assert told.stdout.split() == ["command", "6", *map(str, ours)], told.stderr


def test_a_portal_with_more_than_a_thousand_files_open_draws_pictures(chromium):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with contextlib.ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while held.enter_context(open(os.devnull)).fileno() <= 1100:  # select(2) ends at 1024
            pass
        assert drawn("<p>text").height > 0


def test_as_root_the_browser_is_nobody(chromium):
    if os.geteuid() != 0:
        pytest.fail("this check is for a machine where the tests run as root, as in CI")
    with browser(scripts=False, cage=PATIENT) as tools:
        tools.call("Browser.getVersion")
        owners = {os.stat(f"/proc/{pid}").st_uid for pid in os.listdir("/proc") if pid.isdigit() and _renders(pid)}
    assert owners == {confine.NOBODY}


def _renders(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            line = file.read()
        return b"watchfloor-render-" in line and os.getsid(int(pid)) != os.getsid(0)
    except OSError:
        return False


def test_without_a_chromium_it_says_what_to_install():
    choose_chromium("/no/such/program")
    try:
        with pytest.raises(NoChromium, match="/no/such/program"):
            render_png("x")
    finally:
        choose_chromium("")


def test_documents_that_are_too_large_are_refused_before_a_browser_starts():
    with pytest.raises(TooLarge, match="not drawn"):
        render_png("x" * (5 << 20))
    with pytest.raises(TooLarge, match="not printed"):
        print_pdf("x" * (33 << 20))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("grün".encode(), "grün"),
        ("\ufeffgrün".encode(), "grün"),
        ("grün".encode("utf-16"), "grün"),
        ('<meta charset="iso-8859-1">grün'.encode("iso-8859-1"), '<meta charset="iso-8859-1">grün'),
        ('<meta charset="nonsense">grün'.encode("cp1252"), '<meta charset="nonsense">grün'),
        ('<meta charset="undefined">grün'.encode("cp1252"), '<meta charset="undefined">grün'),
        (b"gr\xfcn", "grün"),
    ],
    ids=["utf-8", "marked utf-8", "utf-16", "as it says", "as Windows reads it", "a trap", "without a word"],
)
def test_an_html_file_is_read_in_its_own_letters(data, text):
    assert decoded(data).lstrip("\ufeff") == text


def test_the_policy_stands_first_but_for_the_doctype_that_decides_how_it_is_drawn():
    assert guarded("<p>x").startswith("<meta http-equiv")
    assert guarded("  <!DOCTYPE html><p>x").startswith("  <!DOCTYPE html><meta http-equiv")


def test_only_pictures_we_know_take_the_place_of_their_ids_and_not_without_end():
    assert with_pictures("<img src='CID:a'>", {"a": dot(RED)}).startswith("<img src='data:image/png;base64,")
    assert with_pictures("<img src='cid:b'>", {"a": dot(RED)}) == "<img src='cid:b'>"
    assert with_pictures("cid:a " * 100, {"a": dot(RED)}).count("data:image/png") == 60
    assert [kind_of(data) for data in (b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF....WEBP", b"BM..", b"<svg>")] == [
        "gif", "jpeg", "webp", "bmp", "",
    ]  # fmt: skip


def test_a_picture_of_another_size_or_none_at_all_is_not_taken():
    with pytest.raises(BrowserEnded, match="another size"):
        trimmed(dot(RED), width=41, tallest=100)
    with pytest.raises(BrowserEnded, match="no picture"):
        trimmed(b"\x89PNG nothing", width=40, tallest=100)


def test_empty_space_below_is_cut_away():
    page = Image.new("RGB", (100, 900), WHITE)
    page.paste(RED, (0, 0, 50, 50))
    out = io.BytesIO()
    page.save(out, "PNG")
    assert Image.open(io.BytesIO(trimmed(out.getvalue(), width=100, tallest=900))).size == (100, 66)
