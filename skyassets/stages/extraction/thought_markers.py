"""The table of thought markers: how each family of models marks where its thought begins and ends.

Harmony, whose messages have a channel each, is in `harmony`; our own structure is in `trace_format`.
"""

import re
from dataclasses import dataclass

_TAG = r"<[ \t]{0,3}"
"""How every tag begins."""
_ATTRIBUTES = r"(?:\s{1,9}[\w:.-]{1,40}=(?:\"[^\"<>]{0,200}\"|'[^'<>]{0,200}'|[^\s\"'<>]{1,60})){0,8}"


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
    <|thinking|>           <|/thinking|>           fine-tuned models
""")
"""Marks that are tokens of their own in their models' vocabularies, or that no other text holds."""
THINK = SPECIAL[0]
PLAIN = _table("""
    <thought>            </thought>            EXAONE Deep, Gemini's API, Marco-o1
    <thoughts>           </thoughts>           prompted models
    <thought_process>    </thought_process>    prompted models
    <thinking>           </thinking>           Claude and others, prompted
    <thinking_process>   </thinking_process>   prompted models
    <reason>             </reason>             prompted models
    <reasoning>          </reasoning>          models trained by GRPO recipes
    <reasoning_process>  </reasoning_process>  models trained by GRPO recipes
    <start_working_out>  <end_working_out>     models trained by GRPO recipes
    <chain_of_thought>   </chain_of_thought>   prompted models
    <rationale>          </rationale>          prompted models
    <analysis>           </analysis>           prompted models
    <reflection>         </reflection>         Reflection, beside <thinking>
    <scratchpad>         </scratchpad>         prompted models
""")
"""Tags that ordinary text may hold as well, as HTML or XML does: their place decides (`thoughts`)."""
(PROSE,) = _table("Here is my thought process:  Here is my response:  Granite 3.2")
"""Sentences as marks: the text must begin with the first and hold the second."""
ANSWERS = _table("""
    <answer>                  </answer>
    <final_answer>            </final_answer>
    <solution>                </solution>
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
    return f"(?P<opens>{spelled(markers.opens)})|(?P<closes>{spelled(markers.closes)})"


def any_of(*table: Markers) -> str:
    """Every mark of `table` as one regular expression without named groups."""
    every = [spelled(mark) for each in table for mark in (each.opens, each.closes)]
    # Most marks are tags: with what they share in front, a text is searched several times faster.
    rests = [each.removeprefix(_TAG) for each in every if each.startswith(_TAG)]
    others = [each for each in every if not each.startswith(_TAG)]
    return "|".join([*([f"{_TAG}(?:{'|'.join(rests)})"] if rests else []), *others])


def spelled(mark: str) -> str:
    """A mark as models vary it, as a regular expression without groups.

    A tag may be in any case, with white space and attributes in it, and with a hyphen or a space in place of `_`.
    """
    if tag := re.fullmatch(r"<(/?)([a-z_:]+)>", mark):
        name = tag[2].replace("_", "[_ -]?")
        return rf"{_TAG}(?:/[ \t]*(?i:{name}))\s?>" if tag[1] else rf"{_TAG}(?i:{name}){_ATTRIBUTES}\s?>"
    # Granite writes both "Here is" and "Here's".
    literal = re.escape(mark).replace(r"Here\ is", r"Here(?:\ is|['’]s)")
    literal = literal.replace(r"<\|thinking\|>", r"<\|(?:thinking|(?:begin|start)_?(?:of_?)?think(?:ing)?)\|>")
    return literal.replace(r"<\|/thinking\|>", r"<(?:\|/|/\||\|end_?(?:of_?)?)think(?:ing)?\|>")
