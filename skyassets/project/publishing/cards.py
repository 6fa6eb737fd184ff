"""The cards as published on the Hub: with the report's scores, the repository names, and the accepted licences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from skyassets.core.publication import UNNAMED, RepoType
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.project.project import Project
from skyassets.project.publishing.report import PublishedReport
from skyassets.project.publishing.student_card import card_content_of, scoreboard_of
from skyassets.project.sft_files import data_card
from skyassets.project.training_runs import current_run
from skyassets.stages.markup.markdown import plain
from skyassets.stages.publishing.card_scores import student_lines
from skyassets.stages.publishing.licences import accepted_in_words
from skyassets.stages.publishing.model_card import model_card

REPORT = "report"
"""The report's folder in a repository."""


@dataclass(frozen=True)
class Names:
    """The publisher's choices: the repositories (empty while unnamed) and the accepted licences."""

    data: str = ""
    model: str = ""
    accepted: tuple[str, ...] = ()

    def of(self, kind: RepoType) -> str:
        """The repository of that type."""
        return (self.data if kind is RepoType.DATA else self.model) or UNNAMED


def published_data_card(project: Project, report: PublishedReport, names: Names, accepted: Sequence[str]) -> str:
    """The data set's card; `accepted` lists the licences that required acceptance."""
    more = ["## Licences accepted", "", plain(accepted_in_words(accepted)), ""] if accepted else []
    if not report.wrong:
        base = str(project.recipe.training.base)
        more += student_lines(scoreboard_of(project, report.rows), base, names.model)
    return data_card(project, project.store.read(EXAMPLES), more, names.data)


def published_student_card(project: Project, report: PublishedReport, names: Names, accepted: Sequence[str]) -> str:
    """The model's card; `accepted` lists the licences that required acceptance."""
    content = card_content_of(project, current_run(project), report.rows)
    datasets = tuple(dict.fromkeys([*([names.data] if names.data else []), *content.datasets]))
    return model_card(replace(content, name=names.model, datasets=datasets, accepted=tuple(accepted), report=REPORT))
