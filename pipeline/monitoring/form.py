"""The form of texts, whatever they say: how long they are and what signs they are made of.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.monitoring.distances import Floats

FORM_FEATURES = ("words", "signs a word", "share of capitals", "share of digits", "share of other signs")
SPACE, SMALL, CAPITAL, DIGIT, OTHER = range(5)


def forms(texts: Sequence[str]) -> Floats:
    """The form of each text, (len(texts), 5); zeros for a blank one."""
    kinds = _kinds(texts)
    signs = kinds[:, SMALL:].sum(axis=1)
    words = np.array([len(text.split()) for text in texts], dtype=np.float64)
    least_one = np.maximum(signs, 1)
    columns = (words, signs / np.maximum(words, 1), *(kinds[:, kind] / least_one for kind in (CAPITAL, DIGIT, OTHER)))
    return np.column_stack(columns)


def _kinds(texts: Sequence[str]) -> Floats:
    """How many characters of each kind a text holds, (len(texts), 5). One table look-up a character."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    table = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    for code in np.flatnonzero(np.bincount(codes)):
        table[code] = _kind(chr(code))
    text = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    counts = np.bincount(text * 5 + table[codes], minlength=5 * len(texts))
    return counts.reshape(len(texts), 5).astype(np.float64)


def _kind(sign: str) -> int:
    if sign.isspace():
        return SPACE
    if sign.isalpha():
        return CAPITAL if sign.isupper() else SMALL
    return DIGIT if sign.isdigit() else OTHER
