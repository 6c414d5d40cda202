"""The table of weights is whole and reviewed, and the fit that rewrites it only ever adds suspicion."""

import tomllib

import pytest

from benchmarks.verdict import fit, model
from benchmarks.verdict.corpus import HONEST, UNWANTED, Mail, mails_of
from benchmarks.verdict.evaluate import evaluate
from benchmarks.verdict.seeing import Seen
from watchfloor.inspection.tests.letters import html_letter, letter
from watchfloor.inspection.weights import HIGH, TABLE, THRESHOLD, WEIGHTS, read_weights

METHODS = {
    "Advanced filter", "Antimalware protection", "Bulk", "Campaign", "Domain reputation", "File reputation", "General filter",
    "IP reputation", "Impersonation brand", "Impersonation domain", "Impersonation user", "Mailbox intelligence impersonation",
    "Mixed analysis detection", "Spoof DMARC", "Spoof external domain", "Spoof intra-org", "URL malicious reputation",
}  # fmt: skip
LURE = "<p>Dear customer, verify your account within 24 hours.</p><a href='https://x.web.app/login'>Verify now</a>"


def seen(label, *signals, group="g", source="unwanted"):
    return Seen(Mail("m", label, "kind", source, group, "2024-01", b""), signals, 0.0, ())


@pytest.mark.parametrize("signal", sorted(WEIGHTS))
def test_each_weight_only_adds_and_says_what_it_means(signal):
    weight = WEIGHTS[signal]
    assert weight.points > 0
    assert weight.means
    assert weight.method in METHODS
    assert weight.most is None or weight.points <= weight.most


def test_a_sure_verdict_needs_more_than_a_verdict():
    assert HIGH > THRESHOLD > 0


def test_no_fitted_signal_judges_a_mail_alone():
    assert max(weight.most for weight in WEIGHTS.values() if weight.most is not None) < THRESHOLD


def test_the_fit_gives_points_to_what_unwanted_mail_shows_and_next_to_none_to_what_all_mail_shows():
    mails = [seen(UNWANTED, "prize_words", "offer_words", group=str(n)) for n in range(60)]
    mails += [seen(HONEST, "offer_words", group=f"h{n}", source="lists") for n in range(60)]
    points = model.solve(mails, 0.0)
    assert points["prize_words"] == pytest.approx(WEIGHTS["prize_words"].most)
    assert points["offer_words"] <= WEIGHTS["offer_words"].most
    assert min(points.values()) > 0
    assert points["qr_link"] == WEIGHTS["qr_link"].points


def test_a_campaign_is_never_split_between_fitting_and_testing():
    folds = {seen(UNWANTED, "shortener", group="one").mail.fold for _ in range(5)}
    assert len(folds) == 1


def test_the_table_is_rewritten_with_its_head_order_and_hand_set_points():
    written = TABLE.read_text("utf-8")
    mails = [seen(UNWANTED, "prize_words"), seen(HONEST, "qr_link", source="lists")]
    new = fit.rewritten(written, model.Fit({**dict.fromkeys(WEIGHTS, 0.1), "prize_words": 0.33}, 0.0), mails)
    assert new.splitlines()[:5] == written.splitlines()[:5]
    read = read_weights(tomllib.loads(new))
    assert list(read) == list(WEIGHTS)
    assert (read["prize_words"].points, read["prize_words"].phish) == (0.33, 1)
    assert (read["qr_link"].points, read["qr_link"].ham) == (WEIGHTS["qr_link"].points, 1)


@pytest.fixture
def folder(tmp_path):
    for label, raw in (("phish", html_letter(LURE, sender="PayPal <a@evil.example>")), ("ham", letter())):
        kept = tmp_path / "mail_neutral" / label
        kept.mkdir(parents=True)
        for number in range(3):
            (kept / f"{number}.eml").write_bytes(raw)
    return tmp_path


def test_a_folder_of_mail_is_taken_as_it_is(folder):
    assert sorted(mail.label for mail in mails_of(folder, letters=False)) == [HONEST] * 3 + [UNWANTED] * 3


def test_the_evaluation_of_a_small_folder_gives_its_shares(folder):
    found = evaluate(folder, full=False)
    assert (found.recall, found.fpr) == (1.0, 0.0)
    assert found.fpr_by_source == {"other honest mail": 0.0}
    assert "recall" in found.words


def test_an_empty_folder_gives_zeros(tmp_path):
    found = evaluate(tmp_path, full=False)
    assert (found.recall, found.fpr, found.fpr_by_source) == (0.0, 0.0, {})
