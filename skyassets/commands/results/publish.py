"""`skyassets publish`: upload the data set and the student, with the report, to the Hugging Face Hub."""

import os
import re
from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.commands.common.rendering import new_table, print_text, printable
from skyassets.core.errors import PublishError
from skyassets.core.publication import RepoType, RepoUpload, UploadResult
from skyassets.engines.hub import upload
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.project.publishing.cards import Names
from skyassets.project.publishing.plan import PublicationRequest, publication
from skyassets.recipes.recipe import Recipe

REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def _repo(text: str) -> str:
    if not REPO.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is not a repository; it must be OWNER/NAME")
    return text


def publish(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show what would be uploaded to the Hugging Face Hub and what blocks it; with --push, upload it.

    Blocked if a gate of the recipe fails, a licence forbids it by its own words, the report is missing or of another
    checkpoint, a file is damaged, or a file contains a secret or names this machine.
    """
    kinds = tuple(kind for kind, repo in ((RepoType.DATA, options.data), (RepoType.MODEL, options.model)) if repo)
    if options.push and not kinds:
        raise PublishError("publish: no repository given (--data OWNER/NAME, --model OWNER/NAME)")
    if options.private and options.public:
        raise PublishError("publish: --private and --public exclude each other")
    wanted = PublicationRequest(
        kinds=kinds or (RepoType.DATA, RepoType.MODEL),
        names=Names(options.data or "", options.model or "", tuple(options.accept_licence)),
        report=options.report,
        has_pages=not options.tables_only,
    )
    console = Console()
    folder = Project(recipe, deployment).store.folder
    plan = publication(Project(recipe, deployment), wanted)
    visibility = "public" if options.public else "private"
    for repo_upload in plan.uploads:
        files = f"{len(repo_upload.files)} files, {_size(repo_upload.size)}"
        print_text(console, f"{repo_upload.repo_type.value} {repo_upload.repo}, {visibility} if new: {files}")
        console.print(_table(repo_upload, folder))
    if plan.uploads:
        print_text(console, f"commit message: {plan.uploads[0].title}\nfiles from: {os.path.relpath(folder)}/")
    for kind, lines, style in (("note", plan.warnings, "yellow"), ("blocked", plan.problems, "red")):
        for line in lines:
            console.print(Text.assemble((f"{kind}: ", style), printable(line)))
    if plan.problems:
        return 1
    if not options.push:
        size = _size(sum(repo_upload.size for repo_upload in plan.uploads))
        print_text(console, f"Nothing was uploaded. To upload these files ({size}), add --push.")
        return 0
    for repo_upload in plan.uploads:
        _show_result(console, repo_upload, upload.push(repo_upload, options.public))
    return 0


PUBLISH = Command(
    publish,
    (
        argument("--data", type=_repo, metavar="OWNER/NAME", help="the data set's repository"),
        argument("--model", type=_repo, metavar="OWNER/NAME", help="the model's repository"),
        argument("--report", default="", metavar="NAME", help="a report of the history; without it, the latest"),
        argument("--tables-only", action="store_true", help="leave out the report's pages, which show items"),
        argument(
            "--accept-licence",
            action="append",
            default=[],
            metavar="NAME",
            help="publish although this licence forbids something or is unknown; the cards say so; may be repeated",
        ),
        argument("--push", action="store_true", help="upload; without it, nothing leaves this machine"),
        argument("--private", action="store_true", help="make new repositories private (the default)"),
        argument("--public", action="store_true", help="make new repositories public"),
    ),
    (
        ("", "what would be uploaded, and what blocks it"),
        ("--data ada/sums --model ada/sums-7b", "the same, with the repositories' names in the cards"),
        ("--data ada/sums --push", "the data set alone, into a private repository"),
        ("--model ada/sums-7b --push --public", "the model with its report, into a public repository"),
        ("--accept-licence unknown", "accept that a licence is unknown"),
    ),
    Exits(
        "nothing blocks it; with --push, it is uploaded",
        "something blocks it",
        "error: a wrong option, recipe or setting, or the upload failed",
    ),
)


def _table(repo_upload: RepoUpload, folder: Path) -> Table:
    table = new_table(("file", "size", "from"), right=("size",), fold=("file", "from"))
    for item in sorted(repo_upload.files, key=lambda item: item.path):
        source = "generated" if isinstance(item.content, bytes) else os.path.relpath(item.content, folder)
        table.add_row(Text(printable(item.path)), _size(item.size), Text(printable(source)))
    return table


def _show_result(console: Console, repo_upload: RepoUpload, result: UploadResult) -> None:
    repo = f"{repo_upload.repo_type.value} {repo_upload.repo}"
    if not result.sent and not result.removed:
        print_text(console, f"{repo} is up to date; nothing was uploaded.")
    else:
        sizes = {item.path: item.size for item in repo_upload.files}
        uploaded = f"{len(result.sent)} files uploaded, {_size(sum(sizes[path] for path in result.sent))}"
        visibility = "private" if result.is_private else "public"
        print_text(console, f"{repo}, {visibility}: {uploaded}; {len(result.unchanged)} unchanged.\n{result.url}")
    if result.removed:
        print_text(console, f"removed weights of an earlier upload: {', '.join(result.removed)}")
    if result.others:
        print_text(console, f"other files, left alone: {', '.join(result.others)}")


def _size(count: int) -> str:
    """Bytes in a readable decimal unit, as the Hub counts them."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
