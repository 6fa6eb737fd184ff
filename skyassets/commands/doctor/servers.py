"""The doctor's checks of model servers: whether each role's model can be reached, and answers a call."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from skyassets.commands.doctor.diagnosis import Diagnosis, diagnosis
from skyassets.core.errors import SkyassetsError
from skyassets.core.finish_reasons import LENGTH, STOP, resolved
from skyassets.core.money import Budget, Price, in_dollars
from skyassets.core.ports import Message, Model, Reply, Request
from skyassets.core.prices import SHUTDOWNS
from skyassets.core.rows.ledger import DOCTOR, LedgerEntry, LedgerEvent
from skyassets.engines.fake import engine as fake
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.openai_api.shown_url import shown_url
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.engines.serving.vllm_server import vllm_problem
from skyassets.project.project import Project

MOST_TOKENS, CALL_SECONDS = 2048, 120.0
"""The limits of a role's call, unless its own are lower. A model that thinks first takes hundreds of tokens."""

EXCERPT = 60
"""Characters of an unusable answer that are shown."""


class ServerChecks:
    """The checks of one project. All calls share the budget of a run, and their cost is in the ledger."""

    def __init__(self, project: Project, is_offline: bool) -> None:
        self.project, self.is_offline = project, is_offline
        self.run_budget = Budget(project.budget)
        self.run = f"doctor-{uuid.uuid4().hex[:8]}"

    def check(self, role: str, model: Model) -> Diagnosis:
        """Whether `model` can be reached in its role, and answers a short call. Starts no server."""
        what, deployment = f"{role}: {model.name}", self.project.deployment
        if self.is_offline and role in deployment.urls:
            places = ", ".join(map(shown_url, deployment.urls[role]))
            return diagnosis(what, is_fine=True, seen=f"{places}, not contacted")
        try:
            serving = deployment.serving(role, model, lambda line: None)
            if isinstance(serving, OpenAIBatch):
                endpoints: tuple[Endpoint, ...] = (serving.endpoint,)
            elif isinstance(serving, RemoteServing):
                endpoints = serving.endpoints
            else:
                return self._local_server(what, model)
            price = deployment.price(role, model)
            if self.is_offline:
                return diagnosis(what, is_fine=True, seen="a hosted model, not contacted")
            lists = OpenAIClientPool(endpoints).models()
        except SkyassetsError as error:
            return diagnosis(what, is_fine=False, seen=str(error))
        called = [self._call(endpoint, role, model, price) for endpoint in endpoints]
        seen = "; ".join(seen for _, seen in called) + _shutdown(model, endpoints)
        # A list may leave out names that the server knows, so it only explains a call that failed.
        lacking = [
            f"{endpoint.shown} serves {', '.join(names[:10])}"
            for endpoint, names, (is_fine, _) in zip(endpoints, lists, called, strict=True)
            if names and endpoint.model_name not in names and not is_fine
        ]
        if lacking:
            do = f"serve the model there, or set its name on the server: SKYASSETS_{role.upper()}_MODEL_NAME"
            return diagnosis(what, is_fine=False, seen="; ".join([seen, *lacking]), do=do)
        return diagnosis(what, all(is_fine for is_fine, _ in called), seen)

    def _call(self, endpoint: Endpoint, role: str, model: Model, price: Price) -> tuple[bool, str]:
        """Whether a server answers one short call, and how."""
        own = self.project.recipe.sampling_of(role)
        sampling = replace(own, max_tokens=min(own.max_tokens, MOST_TOKENS))
        messages = (Message("system", "You are a calculator."), Message("user", "What is 6 times 7?"))
        replies: list[Reply] = []
        pool = OpenAIClientPool((endpoint,), CALL_SECONDS, attempts=2, price=price, run_budget=self.run_budget)
        try:
            try:
                pool.ask([Request("doctor", model, messages, sampling, seed=1)], replies.append)
            finally:
                for reply in replies:
                    self._book(model, reply)
        except SkyassetsError as error:
            return False, str(error)
        (reply,) = replies
        if reply.error is not None:
            return False, f"{endpoint.shown}: a call failed: {reply.error}"
        ended = resolved(reply.finish_reason, reply.completion_tokens, sampling.max_tokens)
        if ended not in (STOP, LENGTH):
            excerpt = f": {' '.join(reply.text.split())[:EXCERPT]!r}" if reply.text.strip() else ""
            return False, f"{endpoint.shown}: the answer ended with {ended!r}{excerpt}; a run cannot use such answers"
        adapted = f", sent differently: {reply.sent}" if reply.sent else ""
        cost = f", {in_dollars(reply.dollars)}" if reply.dollars else ""
        return True, f"{endpoint.shown} answers ({reply.seconds:.1f} s{cost}{adapted})"

    def _book(self, model: Model, reply: Reply) -> None:
        """Enter a call that cost something into the ledger."""
        if reply.dollars:
            event = LedgerEvent.FAILED if reply.error else LedgerEvent.CHECKED
            asked_for = f"{self.project.recipe.name}/{DOCTOR}"
            entry = LedgerEntry(event, asked_for, str(model), self.run, 1, reply.seconds)
            self.project.accounts.entries.add(replace(entry, dollars=reply.dollars, error=reply.error))

    def _local_server(self, what: str, model: Model) -> Diagnosis:
        """Whether this machine can serve `model`."""
        deployment = self.project.deployment
        if model.name == fake.NAME:
            return diagnosis(what, is_fine=True, seen="a fake model, served inside the run")
        problem = vllm_problem()
        is_small = deployment.engine == "transformers" or (deployment.engine == "auto" and problem)
        engine = "transformers" if is_small else "vLLM"
        if engine == "vLLM" and problem:
            return diagnosis(what, is_fine=False, seen=problem, do="SKYASSETS_ENGINE=auto")
        if not model.name.startswith("package:"):
            seen = f"{engine}; weights that are not stored here are fetched from the hub when it is first served"
            return diagnosis(what, is_fine=True, seen=seen)
        return diagnosis(what, is_fine=True, seen=f"{engine}, {weights_folder(model, deployment.data / 'models')}")


def _shutdown(model: Model, endpoints: Sequence[Endpoint]) -> str:
    """When the provider shuts the model down, if it has announced that."""
    names = (*(endpoint.model_name for endpoint in endpoints), model.name)
    day = next((SHUTDOWNS[name] for name in names if name in SHUTDOWNS), "")
    return f"; its provider shuts it down on {day}: docs/teachers.md says how to replace it" if day else ""
