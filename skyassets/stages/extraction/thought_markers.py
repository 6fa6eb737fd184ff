"""The table of thought markers: how each family of models marks where its thought begins and ends.

Harmony, whose messages have a channel each, is in `harmony`; our own structure is in `trace_format`.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Markers:
    """The two marks around a thought, and who writes them."""

    opens: str
    closes: str
    models: str = ""


def _table(rows: str) -> tuple[Markers, ...]:
    """A row a line, its columns separated by two spaces or more."""
    return tuple(Markers(*re.split(r"\s{2,}", row.strip())) for row in rows.strip().splitlines())


SPECIAL = _table("""
    <think>                </think>                DeepSeek R1, QwQ, Qwen3, GLM, Nemotron, Phi-4, MiniMax M2, Olmo 3
    [THINK]                [/THINK]                Magistral
    ◁think▷                ◁/think▷                Kimi-VL, Kimi-Dev
    <seed:think>           </seed:think>           Seed-OSS
    <mm:think>             </mm:think>             MiniMax M3
    <longcat_think>        </longcat_think>        LongCat
    <|channel>thought      <channel|>              Gemma 4
    <unused94>thought      <unused95>              MedGemma
    <|START_THINKING|>     <|END_THINKING|>        Command A Reasoning
    <|inner_prefix|>       <|inner_suffix|>        Apertus
    <|open|>think<|sep|>   <|close|>think<|sep|>   Kimi K3
    <|im_start|>think      <|im_start|>answer      s1
    <|think|>              <|end|><|begin|>assistant<|content|>  Solar Open
""")
"""Marks that are tokens of their own in their models' vocabularies, or that no other text holds."""
THINK = SPECIAL[0]
PLAIN = _table("""
    <thought>      </thought>      EXAONE Deep, Gemini's API, Marco-o1
    <thoughts>     </thoughts>     prompted models
    <thinking>     </thinking>     Claude and others, prompted
    <reasoning>    </reasoning>    models trained by GRPO recipes
    <scratchpad>   </scratchpad>   prompted models
""")
"""Tags that ordinary text may hold as well, as HTML or XML does: their place decides (`thoughts`)."""
(PROSE,) = _table("Here is my thought process:  Here is my response:  Granite 3.2")
"""Sentences as marks: the text must begin with the first and hold the second."""
ANSWERS = _table("""
    <answer>                  </answer>
    <response>                </response>
    <output>                  </output>
    <|START_RESPONSE|>        <|END_RESPONSE|>
    <|open|>response<|sep|>   <|close|>response<|sep|>
""")
"""Marks that some of these models put around the answer that follows the thought."""
(BUDGET_NOTE,) = _table("<seed:cot_budget_reflect>  </seed:cot_budget_reflect>  Seed-OSS")
"""The marks around notes, within a thought, about the tokens that are left."""


def pattern(markers: Markers) -> str:
    """The two marks as a regular expression, with the groups `opens` and `closes`."""
    return f"(?P<opens>{_spelled(markers.opens)})|(?P<closes>{_spelled(markers.closes)})"


def any_of(*table: Markers) -> str:
    """Every mark of `table` as one regular expression without named groups."""
    return "|".join(_spelled(mark) for each in table for mark in (each.opens, each.closes))


def _spelled(mark: str) -> str:
    if re.fullmatch(r"</?[a-z]+>", mark):
        return f"(?i:{re.escape(mark)})"
    # Granite writes both "Here is" and "Here's".
    return re.escape(mark).replace(r"Here\ is", r"Here(?:\ is|['’]s)")
