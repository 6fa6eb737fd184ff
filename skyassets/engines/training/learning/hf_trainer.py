"""Our subclass of transformers' trainer. Imports transformers: only a training process imports this module."""

from typing import Any

from transformers import Trainer

from skyassets.engines.training.learning.chunked_loss import HeadLoss
from skyassets.engines.training.learning.collate import IGNORED


class StudentTrainer(Trainer):  # type: ignore[misc]
    """transformers' trainer with the chunked loss, and without a second copy of the weights in DeepSpeed's saves."""

    def __init__(self, head: HeadLoss | None, is_shared: bool, **words: Any) -> None:
        super().__init__(**words)
        self._head, self._is_shared = head, is_shared
        if is_shared:
            self.loss_is_scaled_for_ga = True  # scaled below, by the tokens of the whole step

    def compute_loss(self, model: Any, inputs: Any, *more: Any, num_items_in_batch: Any = None, **words: Any) -> Any:
        """Pass the labels to the output layer.

        Where ranks share a row, each contributes its part of the whole step's mean, as if the parts were separate
        examples; transformers would weight every micro-batch equally, however few tokens it learns.
        """
        if self._head is not None:
            self._head.targets = inputs["shift_labels"]
        if not self._is_shared:
            return super().compute_loss(model, inputs, *more, num_items_in_batch=num_items_in_batch, **words)
        inputs = {**inputs, "labels": inputs["shift_labels"], "num_items_in_batch": num_items_in_batch}
        return model(**inputs).loss * self.accelerator.num_processes  # DeepSpeed divides the sum of gradients by this

    def get_batch_samples(self, *words: Any) -> Any:
        """Return the next micro-batches, and the number of tokens that all ranks learn from them.

        transformers counts labels, which DeepSpeed-Ulysses has removed from a shared row.
        """
        samples, learned = super().get_batch_samples(*words)
        if self._is_shared:
            here = sum((sample["shift_labels"] != IGNORED).sum() for sample in samples)
            learned = self.accelerator.gather(here.to(self.args.device)).sum()
        return samples, learned

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Do nothing: DeepSpeed's save holds the weights, and the finished ones are written once, at the end."""
