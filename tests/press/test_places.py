from daybreak.press.places import place_label


def test_codes_become_the_names_a_newspaper_prints() -> None:
    assert place_label(("ML", "FR")) == "Mali, France"
    assert place_label(("GB", "kr", "CD")) == "United Kingdom, South Korea, DR Congo"


def test_a_code_without_a_name_stands_as_it_is() -> None:
    assert place_label(("ZZ",)) == "ZZ"
    assert place_label(()) == ""
