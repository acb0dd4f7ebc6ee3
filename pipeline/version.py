"""The release of Refit, as programs tell it to each other; pyproject.toml has the same."""

VERSION = "0.1.0"
