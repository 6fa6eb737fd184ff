"""Prices of hosted models, with a date. A model that is not listed needs a configured price.

These are published prices without caching: discounts from a provider's cache are not assumed, of peak and off-peak
prices the peak one counts, and prompts are taken to be shorter than 272,000 tokens, above which OpenAI charges more.
Providers change their prices; `SKYASSETS_<ROLE>_PRICE` overrides these.
"""

from skyassets.core.money import Price

OPENAI = "https://platform.openai.com/docs/pricing"
ANTHROPIC = "https://platform.claude.com/docs/en/about-claude/pricing"
DEEPSEEK = "https://api-docs.deepseek.com/quick_start/pricing"


def _openai(input: float, output: float, as_of: str) -> Price:
    return Price(input, output, as_of, OPENAI)


def _deepseek(input: float, output: float, as_of: str) -> Price:
    return Price(input, output, as_of, DEEPSEEK, batch=1.0)


def _anthropic(input: float, output: float, as_of: str) -> Price:
    return Price(input, output, as_of, ANTHROPIC)


PRICES: dict[str, Price] = {
    "gpt-4o": _openai(2.50, 10.00, "2024-10-02"),
    "gpt-4o-2024-05-13": _openai(5.00, 15.00, "2024-05-13"),
    "gpt-4o-2024-08-06": _openai(2.50, 10.00, "2024-08-06"),
    "gpt-4o-2024-11-20": _openai(2.50, 10.00, "2024-11-20"),
    "gpt-4o-mini": _openai(0.15, 0.60, "2024-07-18"),
    "gpt-4o-mini-2024-07-18": _openai(0.15, 0.60, "2024-07-18"),
    "gpt-4.1": _openai(2.00, 8.00, "2025-04-14"),
    "gpt-4.1-2025-04-14": _openai(2.00, 8.00, "2025-04-14"),
    "gpt-4.1-mini": _openai(0.40, 1.60, "2025-04-14"),
    "gpt-4.1-mini-2025-04-14": _openai(0.40, 1.60, "2025-04-14"),
    "gpt-4.1-nano": _openai(0.10, 0.40, "2025-04-14"),
    "gpt-4.1-nano-2025-04-14": _openai(0.10, 0.40, "2025-04-14"),
    "gpt-5": _openai(1.25, 10.00, "2025-08-07"),
    "gpt-5-2025-08-07": _openai(1.25, 10.00, "2025-08-07"),
    "gpt-5-mini": _openai(0.25, 2.00, "2025-08-07"),
    "gpt-5-mini-2025-08-07": _openai(0.25, 2.00, "2025-08-07"),
    "gpt-5-nano": _openai(0.05, 0.40, "2025-08-07"),
    "gpt-5-nano-2025-08-07": _openai(0.05, 0.40, "2025-08-07"),
    "gpt-5.1": _openai(1.25, 10.00, "2025-11-13"),
    "gpt-5.2": _openai(1.75, 14.00, "2025-12-11"),
    "gpt-5.4": _openai(2.50, 15.00, "2026-06-04"),
    "gpt-5.4-mini": _openai(0.75, 4.50, "2026-06-04"),
    "gpt-5.4-nano": _openai(0.20, 1.25, "2026-06-04"),
    "gpt-5.5": _openai(5.00, 30.00, "2026-06-04"),
    "gpt-5.6-sol": _openai(5.00, 30.00, "2026-07-30"),
    "gpt-5.6-terra": _openai(2.00, 12.00, "2026-07-30"),
    "gpt-5.6-luna": _openai(0.20, 1.20, "2026-07-30"),
    "gpt-6-astra": _openai(10.00, 50.00, "2026-09-03"),
    "gpt-6-sol": _openai(2.00, 10.00, "2026-09-22"),
    "gpt-6-luna": _openai(0.10, 0.50, "2026-09-22"),
    "gpt-6.1-sol": _openai(2.00, 10.00, "2026-09-30"),
    "gpt-6.1-terra": _openai(1.00, 5.00, "2026-10-28"),
    "o3": _openai(2.00, 8.00, "2025-06-10"),
    "o1-preview": _openai(15.00, 60.00, "2024-09-12"),
    "o1-preview-2024-09-12": _openai(15.00, 60.00, "2024-09-12"),
    "o3-mini": _openai(1.10, 4.40, "2025-01-31"),
    "o3-mini-2025-01-31": _openai(1.10, 4.40, "2025-01-31"),
    "o4-mini": _openai(1.10, 4.40, "2025-04-16"),
    "o4-mini-2025-04-16": _openai(1.10, 4.40, "2025-04-16"),
    "deepseek-chat": _deepseek(0.56, 1.68, "2025-09-05"),
    "deepseek-reasoner": _deepseek(0.56, 1.68, "2025-09-05"),
    "deepseek-flash": _deepseek(0.30, 1.20, "2026-10-27"),
    "deepseek-v4-pro": _deepseek(1.32, 3.96, "2026-10-27"),
    "claude-opus-4-6": _anthropic(5.00, 25.00, "2026-03-21"),
    "claude-sonnet-4-6": _anthropic(3.00, 15.00, "2026-03-21"),
    "claude-haiku-4-5": _anthropic(1.00, 5.00, "2026-03-21"),
}
"""Keyed by the provider's model name."""
SHUTDOWNS = {
    **dict.fromkeys(("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"), "2027-01-14"),
    **dict.fromkeys(("gpt-4o-mini", "gpt-4o-mini-2024-07-18"), "2027-01-14"),
    **dict.fromkeys(("gpt-4.1", "gpt-4.1-2025-04-14", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"), "2027-01-14"),
    **dict.fromkeys(("gpt-5", "gpt-5-2025-08-07", "gpt-5-mini", "gpt-5-mini-2025-08-07", "o3"), "2026-12-11"),
    **dict.fromkeys(("gpt-5-nano", "gpt-5-nano-2025-08-07"), "2026-12-11"),
    **dict.fromkeys(("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "gpt-4o-2024-05-13"), "2026-10-23"),
    **dict.fromkeys(("o3-mini", "o3-mini-2025-01-31", "o4-mini", "o4-mini-2025-04-16"), "2026-10-23"),
    **dict.fromkeys(("deepseek-chat", "deepseek-reasoner"), "2026-07-24"),
}
"""The day on which a provider shuts a model down, as announced (read on 2026-11-30)."""
