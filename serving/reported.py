"""What the follower reports when something is wrong: sentences that name the version and say what to do."""

from pipeline.records import Pointer, version_tag
from serving.errors import reason
from serving.slots import Loaded


def no_way_back(model: str, version: int, error: Exception) -> str:
    return f"{model} {version_tag(version)}, to which a rollback would return, cannot be loaded: {error}"


def away(model: str, error: Exception) -> str:
    return f"The control store cannot be read, so a promotion of {model} would not be seen: {reason(error)}"


def no_champion_in_store(model: str, champion: Loaded) -> str:
    return (
        f"The control store names no champion of {model}; {champion.tag} of the local copy goes on serving. "
        "Check that REFIT_CONTROL_URL and REFIT_HOME are the ones that were trained with."
    )


def unusable(wanted: Pointer, error: Exception) -> str:
    name = f"{wanted.model} {version_tag(wanted.version)}"
    return (
        f"{name} is the champion in the store, but its artefact cannot be served: {error} "
        f"Restore the file, or go back: python -m pipeline rollback {wanted.model}"
    )
