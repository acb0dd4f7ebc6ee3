"""A champion with a log of answers, to be scored, back-filled and served."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.agent.fakes import NOON, add_champion
from tests.agent.traffic import WORDS, answered, artifact, labelled, texts


@contextmanager
def champion_with_log(settings: PipelineSettings) -> Iterator[Store]:
    """A champion since noon and seven windows of a hundred answers: the fifth and sixth drift, the last is short."""
    opened = open_store(settings)
    try:
        add_champion(opened, artifact(settings.artifact_dir))
        new = [f"zu{word}" for word in WORDS]
        for number, words in enumerate((WORDS, WORDS, WORDS, WORDS, new, new)):
            at = NOON + timedelta(hours=number)
            ids = answered(opened, texts(100, 10 + number, words), at)
            labelled(opened, ids[:40], wrong=number, at=at + timedelta(hours=1))
        answered(opened, texts(20, 99), NOON + timedelta(hours=9))
        yield opened
    finally:
        opened.close()
