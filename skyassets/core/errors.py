"""The tree of all errors a user can see. A bad row is data and is never raised; a bad run raises one of these.

SkyassetsError
├── RecipeError        the recipe cannot be found, built or validated
├── SourceError        a source of problems cannot be read (file, column, hub)
├── StoreError         a table or the row store is missing, damaged, locked, or the disk is full
├── TableError         rows that violate their table's schema (columns, types, key)
├── IdentityError      a value without a stable JSON form cannot be fingerprinted
├── ServerError        a model server cannot be started, reached or used
├── SandboxError       no safe place to run a model's program
├── GraderError        the grader's workers cannot be used
├── TrainerError       training cannot start, died, or left no usable weights
├── NoUsableRowsError  none of an asset's rows can be used, so nothing can be made of them
├── GateError          a gate of the recipe stops the run (nothing left to train on)
├── BudgetError        the next call could exceed the budget, or its price is unknown
├── EpochError         an epoch's name is invalid, or another epoch is in progress
└── PublishError       the Hub cannot be reached, or rejects the credentials or a file

A message names the component, the problem and the remedy.
"""


class SkyassetsError(Exception):
    """The base class: catch this to catch every error that skyassets raises deliberately."""


class RecipeError(SkyassetsError):
    """A recipe cannot be found, built or validated."""


class SourceError(SkyassetsError):
    """A source of problems cannot be read."""


class StoreError(SkyassetsError):
    """A stored table or row store cannot be read or written."""


class TableError(SkyassetsError):
    """Rows violate their table's schema."""


class IdentityError(SkyassetsError, TypeError):
    """A value without a stable JSON form cannot be fingerprinted."""


class ServerError(SkyassetsError):
    """A model server cannot be started, reached or used."""


class SandboxError(SkyassetsError):
    """There is no safe place to run a model's program."""


class GraderError(SkyassetsError):
    """The grader's workers cannot be used."""


class TrainerError(SkyassetsError):
    """Training cannot start, died, or left no usable weights."""


class NoUsableRowsError(SkyassetsError):
    """None of an asset's rows can be used."""


class GateError(SkyassetsError):
    """A gate of the recipe stops the run."""


class BudgetError(SkyassetsError):
    """The next call could exceed the budget, or its price is unknown."""


class EpochError(SkyassetsError):
    """An epoch's name is invalid, or another epoch is in progress."""


class PublishError(SkyassetsError):
    """Something cannot be published on the Hub."""
