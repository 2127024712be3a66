import threading
from datetime import UTC, timedelta

import msgspec
import numpy as np
import pytest

from leadwerk import policy as policies
from leadwerk.errors import PromotionConflict
from leadwerk.features.contract import contract_hash
from leadwerk.pipeline import retrain
from leadwerk.pipeline.leads.landmarks import read_rows_with_points
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.policy.model import Attribute, Signal
from leadwerk.policy.points import Condition, Group, PointsModel, Rule
from leadwerk.policy.selling import RankingRule
from leadwerk.registry import open_registry
from leadwerk.registry.erasure_marks import ErasureMark
from leadwerk.report.report_rows import StoredTrainingRun
from leadwerk.scoring.model import Scorer
from leadwerk.texts.message import in_language
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import statement
from support.equity_market import START, change, lead, leads_and_outcomes
from support.homes import home_warehouse

NOW = START + timedelta(days=240)
RUNS = Statement(
    "model_runs/all",
    "SELECT run_id, trained_at, model_version, promoted, reason, champion_before, row_count, positives, metrics"
    " FROM leadwerk.model_runs ORDER BY trained_at",
)


@pytest.fixture(scope="module")
def policy():
    training = policies.load("mortgage").training
    quick = msgspec.structs.replace(training, trees=30, depth=3)
    return msgspec.structs.replace(policies.load("mortgage"), training=quick, landmark_days=(0, 3))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    warehouse = home_warehouse(tmp_path_factory.mktemp("filled"))
    leads, outcomes = leads_and_outcomes()
    warehouse.append("leads", leads)
    warehouse.append("outcomes", outcomes)
    return warehouse


@pytest.fixture
def registry(tmp_path):
    return open_registry(str(tmp_path / "models"))


def runs(warehouse, at):
    return [row for row in warehouse.rows(RUNS, {}) if row["trained_at"] == at]


@pytest.mark.slow
def test_a_first_model_is_trained_promoted_and_can_score(filled, policy, registry):
    steps = []
    report = retrain.run(filled, policy, registry, now=NOW, progress=lambda doing, done: steps.append((doing, done)))
    assert report.promoted
    assert (report.champion_before, report.champion_after) == (None, report.model_version)
    assert report.metrics["challenger"].auc.value > 0.7
    assert "better than the points" in report.reason
    assert (report.verdict, report.excluded) == ("promoted", ())
    manifest = registry.champion_files().manifest
    assert manifest.contract_hash == contract_hash(Scorer.load(registry.champion_files(), policy).features)
    assert next(iter(manifest.importances)) in {"loan_amount", "loan_to_value"}
    assert (manifest.data.rows, manifest.data.leads) == (report.row_count, report.leads)
    assert steps[0] == ("reading mature landmarks", 0.0)
    shares = [done for _, done in steps]
    assert shares == sorted(shares) and 0.5 < shares[-1] < 1
    assert [run["model_version"] for run in runs(filled, NOW)] == [report.model_version]


@pytest.mark.slow
def test_points_alone_model_alone_and_both_are_kept_with_the_model(filled, policy, registry):
    report = retrain.run(filled, policy, registry, now=NOW + timedelta(hours=6))
    metrics = registry.champion_files().manifest.metrics
    assert {"challenger", "points", "both"} <= metrics.keys() == report.metrics.keys()
    auc = {name: metrics[name].auc.value for name in ("points", "both", "challenger")}
    assert auc["points"] < auc["challenger"]  # this market rewards equity more than the shipped rules do
    assert len({metrics[name].rows for name in auc}) == 1


def test_points_of_landmarks_are_those_of_scoring_at_their_moments(filled, policy):
    landmarks, rules = read_rows_with_points(filled, policy, NOW)
    assert len(rules.points) == len(landmarks)
    for place in (0, 100, len(landmarks) - 1):
        as_of = landmarks.as_of[place].item().replace(tzinfo=UTC)
        alike = [lead["lead_id"] for lead in leads_and_outcomes()[0] if (as_of - lead["created_at"]).days in (0, 3)]
        states, _, totals, _ = points_input_of_leads(filled, policy, alike, as_of)
        values = landmarks.columns["loan_amount"][place]
        pairs = zip(states, totals.total, strict=True)
        points = [total / 100 for state, total in pairs if state.features["loan_amount"] == values]
        assert points == [rules.points[place]]


@pytest.mark.slow
def test_without_rules_no_points_are_compared(filled, policy, registry):
    bare = msgspec.structs.replace(policy, points=PointsModel(), stages=())
    assert read_rows_with_points(filled, bare, NOW)[1] is None
    report = retrain.run(filled, bare, registry, now=NOW)
    assert report.promoted
    assert not {"points", "both"} & report.metrics.keys()


@pytest.mark.slow
def test_rules_that_know_what_no_feature_says_keep_every_model_out(filled, policy, registry):
    report = retrain.run(filled, knowing(policy), registry, now=NOW)
    assert not report.promoted
    assert report.model_version in registry.versions()
    assert registry.champion() is None
    assert "no better than the points" in report.reason


@pytest.mark.slow
def test_a_champion_that_knew_an_erased_person_is_replaced_however_well_it_ranks(filled, policy, registry):
    first = retrain.run(filled, policy, registry, now=NOW)
    again = NOW + timedelta(hours=31)
    registry.mark_erasure(first.model_version, ErasureMark("E-1", again - timedelta(hours=1)))
    second = retrain.run(filled, policy, registry, now=again)
    assert (second.promoted, second.champion_before) == (True, first.model_version)
    assert f"The champion {first.model_version} knew a person erased on 20" in second.reason
    assert registry.erasures_since(second.model_version) == ()


def knowing(policy):
    """A policy whose points know what no feature says."""
    buyer = Rule(name="buyer", group="person", points=50, when={"job_title": Condition(any_of=("buyer",))})
    points = PointsModel(groups=(Group(name="person", score="fit"),), rules=(buyer,))
    return msgspec.structs.replace(policy, points=points)


EARLY = START + timedelta(days=130)


@pytest.mark.slow
def test_a_champion_that_fell_behind_the_points_stands_down(filled, policy, registry, caplog):
    early, later = retrain.run(filled, policy, registry, now=EARLY), NOW + timedelta(hours=29)
    assert early.promoted
    with caplog.at_level("WARNING", logger="leadwerk"):
        late = retrain.run(filled, knowing(policy), registry, now=later)
    assert (late.promoted, late.stood_down) == (False, True)
    assert (late.champion_before, late.champion_after) == (early.model_version, None)
    assert registry.champion() is None
    assert registry.stood_down().version == early.model_version
    assert f"{early.model_version} stands down, the points rank better" in late.reason
    [log_fields] = [record.fields for record in caplog.records if record.fields["event"] == "champion_stood_down"]
    assert log_fields["model_version"] == early.model_version
    assert runs(filled, later)[-1]["reason"] == late.reason
    assert registry.rollback(at=later).version == early.model_version


@pytest.mark.slow
def test_a_standing_down_is_done_once_however_often_and_wherever_the_run_dies(filled, policy, registry, monkeypatch):
    retrain.run(filled, policy, registry, now=EARLY)
    later = NOW + timedelta(hours=30)

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(filled, "append", die)
        retrain.run(filled, knowing(policy), registry, now=later)
    demoted = registry.stood_down()
    first, second = (retrain.run(filled, knowing(policy), registry, now=later) for _ in range(2))
    assert first == second
    assert first.stood_down and first.champion_before == demoted.version
    assert registry.stood_down() == demoted
    assert len(runs(filled, later)) == 1


@pytest.mark.slow
def test_who_stood_down_is_replaced_by_the_next_model_that_beats_the_points(filled, policy, registry):
    demoted = retrain.run(filled, policy, registry, now=EARLY).model_version
    assert retrain.run(filled, knowing(policy), registry, now=NOW + timedelta(hours=31)).stood_down
    report = retrain.run(filled, policy, registry, now=NOW + timedelta(hours=32))
    assert report.promoted and report.champion_before is None
    assert "there was no champion to compare with" in report.reason
    assert registry.stood_down() is None
    assert registry.champion().previous == (demoted,)


@pytest.mark.slow
def test_where_the_points_rank_anyway_or_there_are_none_nobody_stands_down(filled, policy, registry):
    early = retrain.run(filled, policy, registry, now=EARLY)
    ranking = msgspec.structs.replace(knowing(policy), decision=RankingRule(rank_by="points"))
    report = retrain.run(filled, ranking, registry, now=NOW + timedelta(hours=33))
    assert (report.stood_down, registry.champion().version) == (False, early.model_version)


def test_landmarks_are_mature_closed_and_before_the_outcome(filled, policy):
    now = START + timedelta(days=100)
    rows, _ = read_rows_with_points(filled, policy, now, with_points=False)
    assert rows.as_of.max() <= np.datetime64(now.replace(tzinfo=None) - timedelta(days=policy.horizon_days))
    assert (np.diff(rows.as_of) >= np.timedelta64(0)).all()
    assert rows.lead.max() + 1 == rows.leads


@pytest.mark.slow
def test_again_with_the_same_now_leaves_everything_as_it_is(filled, policy, registry):
    later = NOW + timedelta(hours=1)
    first = retrain.run(filled, policy, registry, now=later)
    second = retrain.run(filled, policy, registry, now=later)
    assert second == first
    assert registry.versions() == [first.model_version]
    assert len(runs(filled, later)) == 1


@pytest.mark.slow
def test_a_crash_after_promotion_is_finished_by_the_next_run(filled, policy, registry, monkeypatch):
    later = NOW + timedelta(hours=2)

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(filled, "append", die)
        retrain.run(filled, policy, registry, now=later)
    champion = registry.champion()
    report = retrain.run(filled, policy, registry, now=later)
    assert registry.champion() == champion
    assert (report.promoted, report.model_version) == (True, champion.version)
    assert [run["promoted"] for run in runs(filled, later)] == [True]
    assert "meilleur que les points" in in_language(report.reason, "fr")
    assert in_language(champion.reason, "fr") == in_language(report.reason, "fr")


@pytest.mark.slow
def test_without_new_outcomes_the_champion_stays(filled, policy, registry):
    first = retrain.run(filled, policy, registry, now=NOW)
    second = retrain.run(filled, policy, registry, now=NOW + timedelta(hours=3))
    assert not second.promoted
    assert second.champion_after == first.model_version
    assert "only 0 conversions are new" in second.reason


@pytest.mark.slow
def test_new_outcomes_let_a_fresher_model_take_over(filled, policy, registry):
    early = retrain.run(filled, policy, registry, now=START + timedelta(days=130))
    late = retrain.run(filled, policy, registry, now=NOW)
    assert early.promoted
    assert late.promoted, late.reason
    assert registry.champion().previous == (early.model_version,)
    assert late.metrics["champion"].rows > 0


def test_an_empty_warehouse_is_said_and_nothing_promoted(tmp_path, policy, registry):
    warehouse = home_warehouse(tmp_path / "empty")
    report = retrain.run(warehouse, policy, registry, now=NOW)
    assert (report.model_version, report.promoted, report.row_count) == (None, False, 0)
    assert "No landmark has matured yet" in report.reason
    assert report.reason.endswith("Until then the points decide.")
    assert registry.champion() is None
    (row,) = runs(warehouse, NOW)
    assert (row["promoted"], row["reason"]) == (False, report.reason)
    history = statement("model_runs/history", StoredTrainingRun)
    (run,) = warehouse.rows(history, {"as_of": NOW, "most": 2})
    assert in_language(run.why(), "en") == report.reason
    in_german = in_language(run.why(), "de")
    assert in_german.startswith("Noch ist kein Stichtag ausgereift")
    assert in_german.endswith("Bis dahin entscheiden die Punkte.")


@pytest.mark.slow
def test_without_usable_signal_the_reason_says_that_points_decide(filled, policy, registry):
    report = retrain.run(filled, policy, registry, now=NOW, options=retrain.RetrainOptions(z_needed=1000.0))
    assert (report.verdict, report.champion_after) == ("no_signal", None)
    assert report.reason.endswith("(z 1000.0 is needed). Until then the points decide.")


@pytest.mark.slow
def test_a_champion_of_another_contract_is_replaced_and_the_reason_says_so(filled, policy, registry):
    other = msgspec.structs.replace(policy, signals=(*policy.signals, Signal(name="fax", touchpoint="fax")))
    retrain.run(filled, other, registry, now=NOW)
    report = retrain.run(filled, policy, registry, now=NOW + timedelta(hours=4))
    assert report.promoted
    assert "was trained on other features" in report.reason


@pytest.mark.slow
def test_a_damaged_champion_does_not_stop_retraining(filled, policy, registry, tmp_path):
    damaged = retrain.run(filled, policy, registry, now=START + timedelta(days=200)).model_version
    file = next((tmp_path / "models" / damaged).glob("model.*"))
    file.write_bytes(b"x" + file.read_bytes()[1:])
    report = retrain.run(filled, policy, registry, now=NOW)
    assert report.promoted
    assert "cannot be read" in report.reason


@pytest.mark.slow
def test_of_two_retrainings_at_once_one_wins(filled, policy, registry):
    results = {}

    def train(hours):
        try:
            results[hours] = retrain.run(filled, policy, registry, now=NOW + timedelta(hours=hours))
        except PromotionConflict as conflict:
            results[hours] = conflict

    pointer = registry.champion
    both = threading.Barrier(2)

    def look_together():
        champion = pointer()
        both.wait(timeout=60)
        return champion

    registry.champion = look_together
    threads = [threading.Thread(target=train, args=(hours,)) for hours in (10, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = [result for result in results.values() if isinstance(result, PromotionConflict)]
    assert len(lost) == 1
    won = next(result for result in results.values() if not isinstance(result, PromotionConflict))
    assert pointer().version == won.model_version


@pytest.mark.slow
def test_imported_leads_without_behaviour_are_learned_from(tmp_path, registry):
    """One landmark a lead, columns as attributes, horizon of a day: what `leadwerk import` leaves."""
    mortgage = policies.load("mortgage")
    imported = msgspec.structs.replace(
        mortgage,
        signals=(),
        landmark_days=(0,),
        horizon_days=1,
        attributes=(Attribute(name="visits", kind="number"), Attribute(name="origin", kind="category")),
    )
    random = np.random.default_rng(2)
    leads, outcomes = [], []
    for k in range(500):
        created = START + timedelta(hours=k)
        visits, origin = float(random.poisson(3)), str(random.choice(["ad", "friend"]))
        won = random.random() < 1 / (1 + np.exp(-(visits - 4 + 2 * (origin == "friend"))))
        attributes = [{"name": "visits", "number": visits}, {"name": "origin", "text": origin}]
        leads.append(lead(f"I{k}", created, 0.5) | {"attributes": attributes})
        outcomes.append(change(f"I{k}", created + timedelta(minutes=1), "paid_out" if won else "lost"))
    warehouse = home_warehouse(tmp_path / "imported")
    warehouse.append("leads", leads)
    warehouse.append("outcomes", outcomes)
    report = retrain.run(warehouse, imported, registry, now=NOW)
    assert report.promoted, report.reason
    assert report.row_count == 500
    assert set(list(registry.champion_files().manifest.importances)[:2]) == {"attribute_visits", "attribute_origin"}
