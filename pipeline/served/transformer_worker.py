"""The process that holds a transformer: python -m pipeline.served.transformer_worker FOLDER MAX_TOKENS.

One line of JSON in, one out: {"texts": [...], "top": n} gives {"decisions": [...], "words": [[[word, part], ...]]}.
It ends when its input is closed.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

# Nothing is fetched from anywhere: the folder holds all there is.
os.environ["HF_HUB_OFFLINE"] = "1"
NEEDED = "install the packages of requirements-transformers.txt"


class Worker:
    """The network on the GPU, if there is one, else on the CPU."""

    def __init__(self, folder: str, max_tokens: int):
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        self._torch = torch
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForSequenceClassification.from_pretrained(folder).to(self._device).eval()
        self._max_tokens = max_tokens

    def tell(self, question: Mapping[str, Any]) -> dict[str, Any]:
        texts, top = question["texts"], question.get("top")
        if not texts:
            return {"decisions": []}
        if top is None:
            return {"decisions": self._decisions(texts)}
        explained = [self._explained(text, top) for text in texts]
        return {"decisions": [decision for decision, _ in explained], "words": [words for _, words in explained]}

    def _encoded(self, texts: Sequence[str]) -> Any:
        return self._tokenizer(
            list(texts), truncation=True, max_length=self._max_tokens, padding=True, return_tensors="pt"
        ).to(self._device)

    def _decisions(self, texts: Sequence[str]) -> list[float]:
        with self._torch.no_grad():
            logits = self._model(**self._encoded(texts)).logits
        return [float(value) for value in (logits[:, 1] - logits[:, 0]).cpu()]

    def _explained(self, text: str, top: int) -> tuple[float, list[tuple[str, float]]]:
        """The decision of one text and its words by gradient times input, summed over the pieces of a word."""
        encoded = self._encoded([text])
        embedded = self._model.get_input_embeddings()(encoded["input_ids"]).detach().requires_grad_(True)
        logits = self._model(inputs_embeds=embedded, attention_mask=encoded["attention_mask"]).logits[0]
        decision = logits[1] - logits[0]
        (gradient,) = self._torch.autograd.grad(decision, embedded)
        parts = (gradient * embedded).sum(dim=-1)[0].tolist()
        by_word: dict[str, float] = {}
        for place, part in enumerate(parts):
            span = encoded.token_to_chars(0, place) if encoded.token_to_word(0, place) is not None else None
            if span is None:
                continue
            whole = encoded.word_to_chars(0, encoded.token_to_word(0, place))
            word = text[whole.start : whole.end].lower()
            by_word[word] = by_word.get(word, 0.0) + part
        largest = sorted(by_word.items(), key=lambda item: -abs(item[1]))[:top]
        return float(decision), [(word, part) for word, part in largest if part]


def main() -> None:
    folder, max_tokens = sys.argv[1], int(sys.argv[2])
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    try:
        worker = Worker(folder, max_tokens)
    except ImportError as error:
        _say(out, {"error": f"{error.name} is missing; {NEEDED}"})
        return
    except (OSError, ValueError, RuntimeError) as error:
        _say(out, {"error": f"the weights cannot be loaded ({type(error).__name__})"})
        return
    for line in sys.stdin:
        try:
            _say(out, worker.tell(json.loads(line)))
        except (ValueError, RuntimeError, LookupError, TypeError) as error:
            _say(out, {"error": type(error).__name__})


def _say(out: Any, told: Mapping[str, Any]) -> None:
    out.write(json.dumps(told) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
