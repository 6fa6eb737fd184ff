"""Every error a user can meet, one tree. A bad row is data and never raised; a bad run is one of these.

SkyassetsError
├── RecipeError        the recipe cannot be found, built or validated
├── SourceError        a source of problems cannot be read (file, column, hub)
├── StoreError         a table or the row store is missing, damaged, locked, or the disk is full
├── TableError         rows that do not keep their table's promise (columns, types, key)
├── IdentityError      a value that has no stable spelling was to be fingerprinted
├── ServerError        a model server cannot be started, reached or used
├── SandboxError       no safe place to run a model's program
├── GraderError        the grader's workers cannot be used
├── TrainerError       training cannot start, died, or made no usable weights
├── GateError          a gate of the recipe forbids going on (nothing left to train on)
├── BudgetError        the next call could pass the budget, or its price is not known
├── EpochError         a re-evaluation is named in a way that cannot be, or has met another one
└── PublishError       the hub cannot be reached, does not let us in, or takes a file for none of its kind

A message says who speaks, what was seen and what to do about it.
"""


class SkyassetsError(Exception):
    """The root: catch this to catch everything skyassets raises on purpose."""


class RecipeError(SkyassetsError):
    """A recipe cannot be found, built or validated."""


class SourceError(SkyassetsError):
    """A source of problems cannot be read."""


class StoreError(SkyassetsError):
    """A stored table or row store cannot be read or written."""


class TableError(SkyassetsError):
    """Rows do not keep what their table promises."""


class IdentityError(SkyassetsError, TypeError):
    """A value with no stable spelling was to be fingerprinted."""


class ServerError(SkyassetsError):
    """A model server cannot be started, reached or used."""


class SandboxError(SkyassetsError):
    """There is no safe place to run a model's program."""


class GraderError(SkyassetsError):
    """The grader's workers cannot be used."""


class TrainerError(SkyassetsError):
    """Training cannot start, died, or left no usable weights."""


class GateError(SkyassetsError):
    """A gate of the recipe forbids going on."""


class BudgetError(SkyassetsError):
    """The next call could pass the budget, or nobody knows its price."""


class EpochError(SkyassetsError):
    """A re-evaluation is named in a way that cannot be, or has met another one."""


class PublishError(SkyassetsError):
    """Something cannot be brought to a hub."""
