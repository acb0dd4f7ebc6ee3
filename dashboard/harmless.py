"""Text that a stranger may have had a part in, as Markdown without links and pictures: a browser would fetch those.

Pure: no clock, no files, no model calls.
"""

import re

# A backslash is one of them: before a bracket it would take back the one that is put there.
ACTIVE = re.compile(r"[\\\[\]<]")
# What becomes a link without any brackets. An empty character inside it is not seen, and ends that.
BARE = re.compile(r"(://|\bwww(?=\.))", re.IGNORECASE)


def harmless(text: str) -> str:
    """The same words; lists, emphasis and code stay, links, pictures, HTML and Streamlit's own directives do not."""
    return BARE.sub("\\1\u200b", ACTIVE.sub(r"\\\g<0>", text))
