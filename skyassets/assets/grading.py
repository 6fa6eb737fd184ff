"""The code that decides verdicts, in its own processes too: what a verdict is made again for when it changes."""

MATHS = (
    "skyassets.engines.math_verify",
    "skyassets.engines.math_verify_worker",
    "skyassets.engines.seccomp",
)
SANDBOX = (
    "skyassets.engines.bubblewrap",
    "skyassets.engines.confined_run",
    "skyassets.engines.sandbox_runner",
    "skyassets.engines.seccomp",
)
CODE_GRADERS = ("skyassets.stages.grade_code", *SANDBOX)
ANSWER_GRADERS = ("skyassets.stages.grade_answer", *MATHS)
GRADERS = ("skyassets.stages.grade", *MATHS, *SANDBOX)
