import pytest

from pipeline.monitoring.causes import Cause, Signs, cause_sentence, likely_causes

LINE = 0.15
CALM = {"words": 0.0, "campaign": 0.0, "mix": 0.0, "form": 0.0, "patterns_share": 0.0}


@pytest.mark.parametrize(
    ("signs", "causes"),
    [
        ({}, ()),
        ({"words": 0.3}, (Cause.NEW_WORDS,)),
        ({"campaign": 0.3}, (Cause.NEW_CAMPAIGN,)),
        ({"patterns_share": 0.1}, (Cause.NEW_CAMPAIGN,)),
        ({"words": 0.3, "patterns_share": 0.1}, (Cause.NEW_WORDS, Cause.NEW_CAMPAIGN)),
        ({"words": 0.5, "campaign": 0.3}, (Cause.NEW_CAMPAIGN, Cause.NEW_WORDS)),
        ({"mix": 0.3}, (Cause.CLASS_MIX,)),
        ({"mix": 0.3, "patterns_share": 0.1}, (Cause.CLASS_MIX,)),
        ({"mix": 0.3, "words": 0.3}, (Cause.NEW_WORDS,)),
        ({"mix": 0.3, "campaign": 0.3}, (Cause.NEW_CAMPAIGN,)),
        ({"form": 0.3}, (Cause.FORMAT_CHANGE,)),
        ({"form": 0.3, "words": 0.3}, (Cause.NEW_WORDS, Cause.FORMAT_CHANGE)),
        ({"form": 0.2, "campaign": 0.3}, (Cause.NEW_CAMPAIGN,)),
        ({"form": 0.9, "campaign": 0.3}, (Cause.FORMAT_CHANGE, Cause.NEW_CAMPAIGN)),
        ({"form": 0.9, "mix": 0.3}, (Cause.FORMAT_CHANGE, Cause.CLASS_MIX)),
        ({"form": 0.2, "mix": 0.3}, (Cause.CLASS_MIX, Cause.FORMAT_CHANGE)),
        ({"words": 0.3, "campaign": None, "mix": None, "form": None}, (Cause.NEW_WORDS,)),
        ({"words": LINE, "campaign": LINE, "mix": LINE, "form": LINE}, ()),
    ],
)
def test_the_signs_name_the_causes(signs: dict[str, float | None], causes: tuple[Cause, ...]):
    found = likely_causes(Signs(**CALM | signs), LINE)
    assert found == causes
    assert cause_sentence(found).endswith(".")


def test_nothing_is_named_where_nothing_points_anywhere():
    assert cause_sentence(()) == "Nothing points to one cause."
