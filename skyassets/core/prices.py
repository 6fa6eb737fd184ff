"""Prices of hosted models, with a date. A model that is not listed needs a configured price.

These are published prices without caching: discounts from a provider's cache are not assumed. Providers change their
prices; `SKYASSETS_<ROLE>_PRICE` overrides these.
"""

from skyassets.core.money import Price

OPENAI = "https://platform.openai.com/docs/pricing"
DEEPSEEK = "https://api-docs.deepseek.com/quick_start/pricing"


def _openai(input: float, output: float, as_of: str) -> Price:
    return Price(input, output, as_of, OPENAI)


def _deepseek(input: float, output: float, as_of: str) -> Price:
    return Price(input, output, as_of, DEEPSEEK, batch=1.0)


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
    "o1-preview": _openai(15.00, 60.00, "2024-09-12"),
    "o1-preview-2024-09-12": _openai(15.00, 60.00, "2024-09-12"),
    "o3-mini": _openai(1.10, 4.40, "2025-01-31"),
    "o3-mini-2025-01-31": _openai(1.10, 4.40, "2025-01-31"),
    "o4-mini": _openai(1.10, 4.40, "2025-04-16"),
    "o4-mini-2025-04-16": _openai(1.10, 4.40, "2025-04-16"),
    "deepseek-chat": _deepseek(0.56, 1.68, "2025-09-05"),
    "deepseek-reasoner": _deepseek(0.56, 1.68, "2025-09-05"),
}
"""Keyed by the provider's model name."""
