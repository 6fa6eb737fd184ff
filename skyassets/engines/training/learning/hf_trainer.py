"""transformers' trainer as it is used here. Imports transformers: only a training process loads this."""

from typing import Any

from transformers import Trainer

from skyassets.engines.training.learning.chunked_loss import HeadLoss
from skyassets.engines.training.learning.collate import IGNORED


class StudentTrainer(Trainer):  # type: ignore[misc]
    """transformers' trainer, told of the chunked loss, and writing nothing into a save that DeepSpeed writes too."""

    def __init__(self, head: HeadLoss | None, is_shared: bool, **words: Any) -> None:
        super().__init__(**words)
        self._head, self._is_shared = head, is_shared
        if is_shared:
            self.loss_is_scaled_for_ga = True  # below, by the tokens of the whole step

    def compute_loss(self, model: Any, inputs: Any, *more: Any, num_items_in_batch: Any = None, **words: Any) -> Any:
        """Hand the output layer its labels.

        Where ranks share a row, each takes its part of the whole step's mean, as if the parts were examples of their
        own; transformers would give every micro batch the same weight, however little of it is learned.
        """
        if self._head is not None:
            self._head.targets = inputs["shift_labels"]
        if not self._is_shared:
            return super().compute_loss(model, inputs, *more, num_items_in_batch=num_items_in_batch, **words)
        inputs = {**inputs, "labels": inputs["shift_labels"], "num_items_in_batch": num_items_in_batch}
        return model(**inputs).loss * self.accelerator.num_processes  # by which DeepSpeed divides the sum of gradients

    def get_batch_samples(self, *words: Any) -> Any:
        """The next micro batches, and how many tokens all ranks learn of them.

        transformers counts by the labels, which DeepSpeed-Ulysses has taken out of a shared row.
        """
        samples, learned = super().get_batch_samples(*words)
        if self._is_shared:
            here = sum((sample["shift_labels"] != IGNORED).sum() for sample in samples)
            learned = self.accelerator.gather(here.to(self.args.device)).sum()
        return samples, learned

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Nothing: DeepSpeed's own save holds the weights, and the finished ones are written once, at the end."""
