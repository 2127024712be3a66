"""What a policy says about what follows from a change of a lead: whom to tell, what to plan, and when not to."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from leadwerk.catalogue.languages import Language
from leadwerk.policy.section import Identifier, Labels, Percent, PolicySection

ChangeKind = Literal["became_hot", "went_cold", "crossed_threshold", "stage_changed", "untouched"]
ChannelKind = Literal["slack", "teams", "email", "webhook", "cloudevents"]
ActionKind = Literal["message", "event", "task", "tag", "automation"]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
IsoDay = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
EVENT_CHANNELS: tuple[ChannelKind, ...] = ("webhook", "cloudevents")


class Channel(PolicySection, frozen=True):
    """Where messages or events go; its address is a secret and stands in LEADWERK_CHANNELS under this name.

    `language` of the messages; e-mails to the owner are in the owner's.
    """

    name: Identifier
    kind: ChannelKind
    language: Language | None = None


class QuietHours(PolicySection, frozen=True):
    """When nobody is disturbed: from `start` to `end` each day, at weekends, on `holidays`; by the policy's clock."""

    start: Clock = "00:00"
    end: Clock = "00:00"
    weekends: bool = False
    holidays: tuple[IsoDay, ...] = ()


class WorkflowTrigger(PolicySection, frozen=True):
    """The change that starts a workflow.

    `score`: the threshold of crossed_threshold, upwards, of the predictive score (of points where no model serves).
    `stages`: which stages a stage_changed must reach; none: any. `hours`: how long a picked lead was left untouched.
    """

    change: ChangeKind
    score: Percent | None = None
    stages: tuple[Identifier, ...] = ()
    hours: Annotated[int, Meta(ge=1, le=720)] | None = None


class WorkflowFilter(PolicySection, frozen=True):
    """Leads that a workflow is for; an empty list lets all pass, a fact that is not known passes no list."""

    languages: tuple[Language, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()


class WorkflowAction(PolicySection, frozen=True):
    """One thing to do.

    `message` and `event` name a `channel`; `task` is due `due_minutes` of working time later; `tag` and `automation`
    name what the CRM calls so.
    """

    do: ActionKind
    channel: Identifier | None = None
    due_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 60
    name: Annotated[str, Meta(max_length=200)] = ""


class Workflow(PolicySection, frozen=True):
    """What follows when a lead's change is the `when`. `owners`: sellers it may go to; none: all who serve it.

    `title`: the first line of messages and tasks by language, with {lead}, {score}, {stage}, {owner}; default: ours.
    """

    name: Identifier
    when: WorkflowTrigger
    actions: Annotated[tuple[WorkflowAction, ...], Meta(min_length=1)]
    only: WorkflowFilter = WorkflowFilter()
    owners: tuple[Identifier, ...] = ()
    title: Labels = field(default_factory=dict)


class Workflows(PolicySection, frozen=True):
    """All workflows, the channels that they use, and the hours in which nobody is disturbed."""

    rules: tuple[Workflow, ...] = ()
    channels: tuple[Channel, ...] = ()
    quiet: QuietHours = QuietHours()

    def channel(self, name: str) -> Channel:
        """The channel of this name, which validation saw.

        >>> Workflows(channels=(Channel(name="sales", kind="slack"),)).channel("sales").kind
        'slack'
        """
        return next(channel for channel in self.channels if channel.name == name)
