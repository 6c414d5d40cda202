def test_numbers_no_incident_can_have_are_left_out_of_a_bulk_change(as_ada):
    answer = as_ada.post("/incidents/bulk", {"row": ["9" * 5000, "x"], "status": "resolved"}, follow=True)
    assert answer.status_code == 200
    assert b"0 of 0 incidents changed" in answer.content
