"""ClamAV is asked over a socket or TCP, and says which attachment it was. Against a real clamd with signatures of its own."""

import hashlib
import io
import zipfile

import pytest

from labs import free_ports
from labs.clamav import EICAR, Clamd
from watchfloor.connectors.registry import system
from watchfloor.connectors.services import take_parts_from
from watchfloor.connectors.systems.clamav.clamd import threat_of
from watchfloor.inspection.services import scannable
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

from .letters import envelope, letter

DROPPER = b"a program nobody wants" * 20


@pytest.fixture(scope="module")
def server():
    take_parts_from(scannable)
    names = {"Lab.Phishing.Kit": b"confirm your lab password", "PUA.Lab.Tool": b"handy lab tool"}
    with Clamd(hashes={"Lab.Dropper": DROPPER}, texts=names, stream_max="2M") as running:
        yield running


def asked(address, **settings):
    return system("clamav").opinion({"address": str(address)} | settings, name="clamav")


def scanned(server, raw):
    return asked(f"127.0.0.1:{server.port}", seconds="15")(raw, mail=envelope())


@pytest.mark.lab
@pytest.mark.parametrize("way", ["socket", "tcp"])
def test_the_test_virus_is_found_in_its_attachment(server, way):
    address = server.socket if way == "socket" else f"127.0.0.1:{server.port}"
    raw = letter(notes_txt=b"minutes of the meeting", invoice_com=EICAR)
    (found,) = asked(address, seconds="15")(raw, mail=envelope())
    assert (found.threat, found.threat_name) == ("Malware", "Eicar-Test-Signature")
    assert found.words == 'clamav found Eicar-Test-Signature in "invoice.com"'
    assert found.files == (hashlib.sha256(EICAR).hexdigest(),)
    assert found.points is None


@pytest.mark.lab
def test_what_lies_in_a_zip_is_its_zip_s(server):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("setup.bin", DROPPER)
    (found,) = scanned(server, letter(files_zip=packed.getvalue()))
    assert found.threat_name == "Lab.Dropper"
    assert found.files == (hashlib.sha256(packed.getvalue()).hexdigest(),)


@pytest.mark.lab
def test_what_stands_in_the_text_marks_no_attachment(server):
    (found,) = scanned(server, letter("Please confirm your lab password", notes_txt=b"minutes"))
    assert found.threat == "Phish"
    assert found.files == ()
    assert found.words == "clamav found Lab.Phishing.Kit"


@pytest.mark.lab
def test_what_it_is_unsure_of_weighs_less(server):
    (found,) = scanned(server, letter(tool_bin=b"a handy lab tool"))
    assert found.points == 4


@pytest.mark.lab
def test_an_ordinary_mail_gets_no_opinion(server):
    assert scanned(server, letter(notes_txt=b"minutes of the meeting")) == ()


@pytest.mark.lab
def test_a_mail_over_clamd_s_own_limit_is_said_to_be_so(server):
    with pytest.raises(BadInput, match="StreamMaxLength"):
        scanned(server, letter(disk_img=b"\0" * (8 << 20)))


@pytest.mark.lab
def test_the_test_says_that_it_can_find_malware(server):
    report = system("clamav").test({"address": str(server.socket)})
    assert report.ok
    assert report.lines[0][1].startswith("ClamAV 1.")
    assert "EICAR test file is Eicar-Test-Signature" in report.lines[1][1]


@pytest.mark.lab
def test_a_clamd_that_ends_is_said_to_be_gone():
    with Clamd() as running:
        address = running.socket
        asked(address).version()
    report = system("clamav").test({"address": str(address)})
    assert not report.ok
    assert "was not reached: No such file or directory" in report.lines[0][1]


def test_trouble_is_said_in_words():
    (port,) = free_ports(1)
    with pytest.raises(Unreachable, match="refused"):
        asked(f"127.0.0.1:{port}")(letter(), mail=envelope())
    with pytest.raises(NotConfigured, match="host:port"):
        asked("clamav.example")(letter(), mail=envelope())
    with pytest.raises(BadInput, match="larger than 1 MB"):
        asked("127.0.0.1:1", megabytes="1")(b"x" * (2 << 20), mail=envelope())


@pytest.mark.parametrize(
    ("name", "threat"),
    [
        ("Win.Trojan.Agent-1", "Malware"),
        ("Sanesecurity.Phishing.Bank.1", "Phish"),
        ("Heuristics.Phishing.Email.SpoofedDomain", "Phish"),
        ("Sanesecurity.Spam.44", "Spam"),
    ],
)
def test_a_signature_s_name_says_what_it_is_for(name, threat):
    assert threat_of(name) == threat
