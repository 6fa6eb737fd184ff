"""`skyassets publish`: upload the data set and the student, with the report, to the Hugging Face Hub."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import printable
from skyassets.core.errors import PublishError
from skyassets.core.publication import Kind, Parcel, Publication, Pushed
from skyassets.engines.hub import upload
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.project.publishing.cards import Names
from skyassets.project.publishing.plan import Wanted, publication
from skyassets.recipes.recipe import Recipe

REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `publish`."""
    parser.add_argument("--data", type=_repo, metavar="OWNER/NAME", help="the data set's repository")
    parser.add_argument("--model", type=_repo, metavar="OWNER/NAME", help="the model's repository")
    parser.add_argument("--report", default="", metavar="NAME", help="a report of the history (the latest)")
    parser.add_argument("--tables-only", action="store_true", help="leave out the report's pages, which show items")
    parser.add_argument(
        "--accept-licence",
        action="append",
        default=[],
        metavar="NAME",
        help="publish although this licence forbids something or is not known; said in the cards; may be repeated",
    )
    parser.add_argument("--push", action="store_true", help="send it; without it nothing leaves this machine")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--private", action="store_true", help="new repositories are for yourself (the default)")
    who.add_argument("--public", action="store_true", help="new repositories are for everybody")


def publish(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show what would go to the hub, and what forbids it; with --push, send it.

    Refuses when a gate of the recipe is not kept, a licence forbids it as far as its own words go, the report is
    missing or of another checkpoint, a file is damaged, or one holds a secret or names this machine.
    """
    named = [kind for kind, repo in ((Kind.DATA, options.data), (Kind.MODEL, options.model)) if repo]
    if options.push and not named:
        raise PublishError(
            "publish: nobody has said where to; name a repository: --data OWNER/NAME, --model OWNER/NAME"
        )
    wanted = Wanted(
        kinds=tuple(named) or (Kind.DATA, Kind.MODEL),
        names=Names(options.data or "", options.model or "", tuple(options.accept_licence)),
        report=options.report,
        has_pages=not options.tables_only,
    )
    console = Console()
    project = Project(recipe, deployment)
    found = publication(project, wanted)
    for parcel in found.parcels:
        console.print(_parcel(parcel, options.public, project.store.folder))
    if found.parcels:
        _say(console, f"as one commit each: {found.parcels[0].title}\nfrom {os.path.relpath(project.store.folder)}/")
    _told(console, "to know", found.warned, "yellow")
    _told(console, "refused", found.refused, "red")
    if found.refused:
        return 1
    if not options.push:
        _say(console, f"Nothing was sent: this is what would go, {_size(_total(found))}. Send it with --push.")
        return 0
    for parcel in found.parcels:
        _pushed(console, parcel, upload.push(parcel, options.public))
    return 0


PUBLISH = Command(
    publish,
    arguments,
    examples=(
        ("", "what would go, and what forbids it"),
        ("--data ada/sums --model ada/sums-7b", "the same, with the repositories' names in the cards"),
        ("--data ada/sums --push", "the data set alone, into a private repository"),
        ("--model ada/sums-7b --push --public", "the model with its report, for everybody"),
        ("--accept-licence unknown", "publish although a licence is unknown"),
    ),
    exits=Exits("it may go; with --push, it is there", "something forbids it", "it could not be asked, or not be sent"),
)


def _repo(text: str) -> str:
    if not REPO.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no name of a repository; it is to be OWNER/NAME")
    return text


def _parcel(parcel: Parcel, is_public: bool, folder: Path) -> Table:
    who = "public" if is_public else "private"
    title = f"{parcel.kind.value} {parcel.repo}, {who} if it is new: {len(parcel.items)} files, {_size(parcel.size)}"
    shown = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column("file", overflow="fold")
    shown.add_column("size", justify="right", no_wrap=True)
    shown.add_column("from", overflow="fold")
    for item in sorted(parcel.items, key=lambda item: item.path):
        source = "written for the hub" if isinstance(item.content, bytes) else os.path.relpath(item.content, folder)
        shown.add_row(Text(printable(item.path)), _size(item.size), Text(printable(source)))
    return shown


def _told(console: Console, what: str, lines: Sequence[str], style: str) -> None:
    for line in lines:
        console.print(Text.assemble((f"{what}: ", style), printable(line)))


def _pushed(console: Console, parcel: Parcel, done: Pushed) -> None:
    who = "private" if done.is_private else "public"
    if not done.sent and not done.removed:
        _say(console, f"{parcel.kind.value} {parcel.repo} has it all already; nothing was sent.")
    else:
        sizes = {item.path: item.size for item in parcel.items}
        sent = f"{len(done.sent)} files sent, {_size(sum(sizes[path] for path in done.sent))}"
        _say(console, f"{parcel.kind.value} {parcel.repo}, {who}: {sent}; {len(done.unchanged)} were there.")
        _say(console, done.url)
    if done.removed:
        _say(console, f"removed, weights of an earlier push: {', '.join(done.removed)}")
    if done.others:
        _say(console, f"also there, and left alone: {', '.join(done.others)}")


def _say(console: Console, line: str) -> None:
    console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _total(found: Publication) -> int:
    return sum(parcel.size for parcel in found.parcels)


def _size(count: int) -> str:
    """Bytes in a readable decimal unit, as the Hub counts them."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
