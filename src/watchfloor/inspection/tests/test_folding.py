"""Text is tested as its reader sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.inspection.folding import fold, has_hidden_letters, is_mixed, is_styled, skeleton, visible
from watchfloor.inspection.language import language_of


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("PayPal", "paypal"),
        ("Pa\u200byP\u00adal", "paypal"),
        ("P\u0430yp\u0430l", "paypal"),
        ("Μicrosoft".replace("Μ", "\u039c"), "microsoft"),
        ("Crédit Überweisung", "credit uberweisung"),
        ("𝗕𝗮𝗻𝗸", "bank"),
        ("Ｂａｎｋ", "bank"),
        ("Co\U000e0100in\U000e0100base", "coinbase"),
        ("Привет", "привет"),
    ],
)
def test_folding_undoes_disguise_and_leaves_other_scripts(text, plain):
    assert fold(text) == plain


@pytest.mark.parametrize(
    ("left", "right"), [("paypal", "paypa1"), ("microsoft", "rnicrosoft"), ("google", "g00gle"), ("amazon", "аmаzоn")]
)
def test_lookalikes_have_one_skeleton(left, right):
    assert skeleton(left) == skeleton(right)


def test_what_hides_is_noticed():
    assert has_hidden_letters("pa\u200bypal")
    assert not has_hidden_letters("emoji \U0001f469\u200d\U0001f4bb family")
    assert is_mixed("p\u0430ypal")
    assert not is_mixed("Привет world")
    assert is_styled("𝗕𝗮𝗻𝗸")
    assert not is_styled("Bank ½")
    assert visible("a\u200bb") == "ab"


@given(st.text())
def test_folding_any_text_folds_once(text):
    assert isinstance(skeleton(text), str)
    assert visible(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The minutes of our meeting are done and you will find them on the server.", "en"),
        ("Das Protokoll der Sitzung ist fertig und liegt auf dem Server für Sie bereit.", "de"),
        ("Le compte rendu de la réunion est prêt et vous le trouverez sur le serveur.", "fr"),
        ("El acta de la reunión está lista y usted la encontrará en el servidor para los socios.", "es"),
        ("A ata da reunião está pronta e você pode ver no servidor, não se esqueça do prazo.", "pt"),
        ("Il verbale della riunione è pronto e lo trova nel server che usiamo per questo.", "it"),
        ("De notulen van het overleg zijn klaar en u vindt ze op de server voor uw team.", "nl"),
        ("Протокол встречи готов и лежит на сервере.", "ru"),
        ("会議の議事録ができました。", "ja"),
        ("会议记录已经完成，请查收。", "zh"),
        ("회의록이 완성되었습니다.", "ko"),
        ("محضر الاجتماع جاهز", "ar"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_languages_are_told_apart(text, language):
    assert language_of(text) == language
