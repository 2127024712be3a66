"""The report as one HTML page: facts in, HTML out, all words from the language files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leadwerk.policy.section import Language
from leadwerk.report.facts import Facts, Known
from leadwerk.report.sections import sections
from leadwerk.report.words import Words
from leadwerk.report.worth import worth

FOLDER = Path(__file__).parent


def render(facts: Facts, language: Language | None = None) -> str:
    """The page in `language` (else the policy's first); needs nothing but a browser."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    spoken = language or facts.policy.languages[0]
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    words = Words(spoken, facts.policy)
    return environment.get_template("page.html").render(
        t=words.say,
        language=spoken,
        css=(FOLDER / "page.css").read_text("utf-8"),
        facts=facts,
        written_at=facts.now.strftime("%Y-%m-%d %H:%M UTC"),
        tiles=_tiles(words, facts),
        sections=[section for section in sections(words, facts) if section],
    )


def _tiles(words: Words, facts: Facts) -> list[dict[str, str]]:
    """The figures a reader should see first."""
    tiles = []
    found = worth(facts)
    if found and found.saved is not None:
        tiles.append(
            _tile(words.share(found.saved), words.say("report.calls_saved"), words.source(found.source, found.leads))
        )
    if facts.test:
        tiles.append(_auc_tile(words, facts.test, facts.known))
        lift, interval = words.metric_with_interval("lift_at_10", facts.test["lift_at_10"])
        tiles.append(_tile(f"× {lift}", words.say("report.lift", percent=words.share(0.1)), interval))
        ece, interval = words.metric_with_interval("ece", facts.test["ece"])
        tiles.append(_tile(ece, words.say("report.ece"), interval))
    if facts.scores:
        tiles.append(_tile(words.count(sum(facts.scores.values())), words.say("report.leads"), _newest(words, facts)))
    elif facts.cells:
        hot = sum(leads for (_, cluster), leads in facts.cells.items() if cluster == "HOT")
        note = words.say("report.leads.called_hot", count=words.count(hot))
        tiles.append(_tile(words.count(sum(facts.cells.values())), words.say("report.leads.pointed"), note))
    return tiles


def _newest(words: Words, facts: Facts) -> str:
    """How many of the leads with a score are hot by the policy's bands."""
    hot = facts.policy.bands.hot
    return words.say(
        "report.leads.hot", count=words.count(sum(n for s, n in facts.scores.items() if s >= hot)), hot=hot
    )


def _tile(figure: str, title: str, note: str) -> dict[str, str]:
    return {"figure": figure, "title": title, "note": note}


def _auc_tile(words: Words, test: Mapping[str, Any], known: Known | None) -> dict[str, str]:
    figure, note = words.metric_with_interval("auc", test["auc"])
    if known:
        figure = words.decimal(known.auc, 3)
        ratio, best = words.share(known.auc / known.best, 1), words.decimal(known.best, 3)
        note = words.say("report.best_possible", percent=ratio, bayes=best)
    return _tile(figure, words.say("report.auc"), note)
