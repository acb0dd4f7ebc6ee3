"""What must not be skipped for want of it: REFIT_TEST_REQUIRE names it, several separated by commas."""

import os
from typing import NoReturn

import pytest


def required(name: str) -> bool:
    return name in [part.strip() for part in os.environ.get("REFIT_TEST_REQUIRE", "").split(",")]


def skip_or_fail(name: str, why: str) -> NoReturn:
    """Skip with the reason where `name` is missing; fail instead where REFIT_TEST_REQUIRE names it, as in CI."""
    if required(name):
        pytest.fail(f"{why} REFIT_TEST_REQUIRE asks for {name}.")
    pytest.skip(why)
