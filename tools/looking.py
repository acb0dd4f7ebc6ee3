"""A function that looks, as a tool of LangChain: whatever happens, it answers with a result."""

from collections.abc import Callable
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict

from tools.result import ToolResult, failed


class Nothing(BaseModel):
    """No arguments; anything sent all the same is an error that the model sees."""

    model_config = ConfigDict(extra="forbid")


def looking_tool(look: Callable[..., ToolResult], seen: object, arguments: type[BaseModel]) -> BaseTool:
    """`look` is called with what may be seen and the arguments; its name and docstring are the tool's."""

    def answer(**given: Any) -> str:
        try:
            return look(seen, **given).as_json()
        except Exception as error:  # noqa: BLE001  a tool that raises would end the deliberation, or conversation
            return failed(error).as_json()

    description = " ".join((look.__doc__ or "").split())
    return StructuredTool.from_function(
        func=answer, name=look.__name__, description=description, args_schema=arguments, infer_schema=False
    )
