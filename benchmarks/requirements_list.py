"""All requirements, in the order of their page."""

from benchmarks.requirements_of_monitoring import THE_GATE, THE_MODELS, THE_MONITORING
from benchmarks.requirements_of_running import BEYOND, THE_RUNNING
from benchmarks.requirements_of_serving import THE_SERVICE
from benchmarks.requirements_of_systems import MAIN_SYSTEM, OTHER_SYSTEMS
from benchmarks.requirements_of_the_house import THE_AGENT, THE_SURFACES

REQUIREMENTS = (
    *MAIN_SYSTEM,
    *OTHER_SYSTEMS,
    *THE_MODELS,
    *THE_MONITORING,
    *THE_GATE,
    *THE_AGENT,
    *THE_SERVICE,
    *THE_SURFACES,
    *THE_RUNNING,
    *BEYOND,
)
