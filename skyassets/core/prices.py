"""What hosted models cost: data with a date. A model that is not here needs its price said."""

from skyassets.core.money import Price

OPENAI_PRICES = "https://openai.com/api/pricing"

PRICES: dict[str, Price] = {
    "gpt-4o-mini": Price(0.15, 0.60, as_of="2024-07-18", source=OPENAI_PRICES),
}
"""By the model's name, as the provider calls it."""
