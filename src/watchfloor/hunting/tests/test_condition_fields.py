def test_what_was_typed_survives_the_choice_of_another_property(as_ada):
    answer = as_ada.get("/explorer/condition", {"property": "SenderFromAddress", "value": 'a@x.example"><b>'})
    assert b'value="a@x.example&quot;&gt;&lt;b&gt;"' in answer.content


def test_a_property_with_choices_offers_them_instead(as_ada):
    answer = as_ada.get("/explorer/condition", {"property": "DeliveryAction", "value": "typed before"})
    assert b"typed before" not in answer.content
    assert b'type="checkbox"' in answer.content
