"""All requirements, in the order of their page."""

from benchmarks.requirements_of_running import BEYOND, THE_RUNNING
from benchmarks.requirements_of_systems import MAIN_SYSTEM, OTHER_SYSTEMS
from benchmarks.requirements_of_the_house import THE_AGENT, THE_SERVICE, THE_SURFACES

REQUIREMENTS = (*MAIN_SYSTEM, *OTHER_SYSTEMS, *THE_AGENT, *THE_SERVICE, *THE_SURFACES, *THE_RUNNING, *BEYOND)
