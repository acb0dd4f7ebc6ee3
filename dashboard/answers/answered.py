"""What every answer of the agent is: a frozen value of the fields that pages show, under the agent's own names."""

from pydantic import BaseModel, ConfigDict


class Answered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
