"""The vocabulary finds phrases word by word, in folded text, in one walk."""

import pytest

from watchfloor.inspection.folding import fold
from watchfloor.inspection.vocabulary import Phrases, find, spelled_apart, words_of


def _found(row, text):
    return Phrases({"family": [row]}).find(words_of(fold(text))).get("family", ())


@pytest.mark.parametrize(
    ("row", "text", "found"),
    [
        ("verify your account", "Please verify your account now", ("verify your account",)),
        ("verify your account", "verify our account", ()),
        ("verify|confirm your|the account", "Confirm the account", ("confirm the account",)),
        ("verify your|the? account", "verify account", ("verify account",)),
        ("your _? account", "your email account", ("your email account",)),
        ("your _? account", "your old email account", ()),
        ("within # hours", "within 24 hours", ("within 24 hours",)),
        ("within # hours", "within few hours", ()),
        ("resgat*", "Resgatando agora", ("resgatando",)),
        ("sign-in", "unusual sign-in here", ("sign in",)),
        ("# % off", "Only today: 50% off!", ("50 % off",)),
        ("casino", "C.a.s.i.n.o tonight", ("casino",)),
        ("vous avez gagne", "Vous_avez_gagné un lot", ("vous avez gagne",)),
    ],
)
def test_a_phrase_is_matched_word_by_word(row, text, found):
    assert _found(row, text) == found


def test_the_longest_phrase_is_told_and_each_once():
    phrases = Phrases({"account": ["your account", "verify your account"]})
    assert phrases.find(words_of("verify your account, your account"))["account"] == (
        "verify your account",
        "your account",
    )


def test_at_most_six_phrases_of_a_family_are_kept():
    words = [f"word{number}" for number in range(20)]
    assert len(Phrases({"many": words}).find(words)["many"]) == 6


def test_a_long_life_with_many_texts_keeps_the_automaton_small():
    phrases = Phrases({"a": [f"start{n} middle end" for n in range(50)], "b": ["_ middle _ end"]})
    for number in range(4000):
        phrases.find([f"start{number % 50}", f"x{number}", "middle", f"y{number}"])
    assert len(phrases._known) <= 3002
    assert len(phrases._classes) <= 20_001
    assert phrases.find(["start3", "middle", "end"]) == {"a": ("start3 middle end",)}


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("アカウントが停止されました", "account"),
        ("恭喜您中奖了", "prize"),
        ("Ihr Paket wurde angehalten", "parcel"),
        ("Votre colis est en attente", "parcel"),
        ("Su cuenta ha sido bloqueada", "account"),
        ("Você foi sorteado, parabéns", "prize"),
        ("Hai vinto un premio", "prize"),
        ("U heeft gewonnen", "prize"),
        ("Intimação judicial em seu nome", "legal"),
        ("Nota fiscal eletrônica emitida", "document"),
        ("gratis Spins im Casino", "gambling"),
        ("wallet validation required", "wallet"),
        ("the next of kin of my late client", "fortune"),
    ],
)
def test_the_families_speak_many_languages(text, family):
    assert family in find(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "The minutes of the meeting are done; see you on Tuesday.",
        "Das Protokoll der Sitzung ist fertig. Bis Dienstag!",
        "Le compte rendu de la réunion est prêt.",
        "A ata da reunião está pronta.",
        "El acta de la reunión está lista.",
        "Il verbale della riunione è pronto.",
        "De notulen van de vergadering zijn klaar.",
    ],
)
def test_ordinary_sentences_hold_no_lure(text):
    assert not {"account", "payment", "wallet", "prize", "parcel", "fortune", "extortion"} & set(find(fold(text)))


def test_a_word_with_gaps_is_told_as_it_stands():
    assert spelled_apart("play c a s i n o now") == "c a s i n o"
    assert spelled_apart("a b c") == ""
