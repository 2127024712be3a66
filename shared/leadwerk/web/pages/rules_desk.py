"""What the pages of the rules work on: the policy in force, and the draft that people share."""

from __future__ import annotations

from dataclasses import dataclass

from leadwerk.errors import InputError, PolicyError, WriteConflict
from leadwerk.pipeline import wiring
from leadwerk.pipeline.policies import policy_store
from leadwerk.pipeline.policies.policy_store import Draft, InForce, PolicyStore
from leadwerk.pipeline.policies.shared_draft import DraftStore, SharedDraft
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message
from leadwerk.web.pages.visit import Visit

REPLAY_DAYS = 90


@dataclass(frozen=True)
class RulesDesk:
    """What the page works on: the store of policies, the policy in force, and the draft with its policy.

    There is no store where a shipped policy is in force by name: then nothing can be changed here.
    """

    policies: PolicyStore | None
    present: InForce
    drafts: DraftStore
    shared: SharedDraft | None
    draft: Draft | None

    @classmethod
    def to_read(cls, visit: Visit) -> RulesDesk:
        """The desk to look at."""
        shipped = policy_store.shipped_in_force(visit.config)
        if shipped is None:
            return cls.of(visit)
        return cls(None, shipped, DraftStore(wiring.reports(visit.config)), None, None)

    @classmethod
    def of(cls, visit: Visit) -> RulesDesk:
        """The desk to change: policies and drafts as of now.

        Raises:
            ConfigurationError: LEADWERK_POLICY names a shipped policy, which cannot be replaced.
        """
        policies = policy_store.open_policies(visit.config)
        drafts = DraftStore(wiring.reports(visit.config))
        shared = drafts.draft()
        draft = policy_store.read_draft(shared.text, "draft") if shared else None
        return cls(policies, policies.in_force(), drafts, shared, draft)

    @property
    def text(self) -> str:
        """The text to edit: the draft's, else that of the policy in force."""
        return self.draft.text if self.draft else self.present.text

    @property
    def policy(self) -> Policy:
        """The policy to edit: the draft's, else the one in force."""
        return self.draft.policy if self.draft else self.present.policy

    @property
    def is_outdated(self) -> bool:
        """Whether another policy is in force than the draft was made from; False without a draft."""
        if self.draft is None:
            return False
        try:
            policy_store.check_base(self.draft, self.present)
        except WriteConflict:
            return True
        return False

    def needed_draft(self) -> Draft:
        """The draft.

        Raises:
            InputError: there is no draft.
        """
        if self.draft is None:
            remedy = Message("refusal.rules.no_draft.remedy")
            raise InputError(Message("refusal.rules.no_draft"), field="policy", remedy=remedy)
        return self.draft

    def checked(self, text: str) -> str:
        """The text as a draft on what it was made from: the base of the draft before, else the policy in force.

        Raises:
            InputError: the text is no valid policy; its line is named.
        """
        marked = policy_store.draft_of(self.present, text)
        if self.shared is not None and self.draft is not None and self.draft.base is not None:
            marked = self.shared.text[: len(self.shared.text) - len(self.draft.text)] + text
        read_draft(marked)
        return marked

    def replay(self, visit: Visit, policy: Policy, days: int = REPLAY_DAYS) -> None:
        """Replay `policy` in place of the one in force over the last days, and keep the result."""
        # Who only reads the rules pays for no library of the replay.
        from leadwerk.pipeline.policies import replay as replays

        request = replays.ReplayRequest(old=self.present.policy, new=policy, now=visit.now, days=days)
        self.drafts.keep(replays.run(visit.warehouse, request, wiring.registry(visit.config)))

    def save(self, visit: Visit, marked: str) -> None:
        """Keep a checked text as the draft."""
        self.drafts.save(SharedDraft(text=marked, author=visit.name, changed_at=visit.now))


def read_draft(marked: str) -> Draft:
    """The draft of a text whose first line names what it was made from.

    Raises:
        InputError: the text is no valid policy; its line is named.
    """
    try:
        return policy_store.read_draft(marked, "draft")
    except PolicyError as error:
        # The first line names what the draft was made from; people count from the line after it.
        raise InputError(
            Message("refusal.rules.line", line=error.line - 1, field=error.field, fault=error.fault),
            field="text",
            remedy=error.texts[1],
        ) from error
