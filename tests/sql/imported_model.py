"""Google's analyser over statements that create and use a model imported into BigQuery ML.

The model that a query may use is the one that the analyser understood of CREATE MODEL: its name, inputs and outputs. So
ML.PREDICT is checked as BigQuery checks it, names and types of its rows against those of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadwerk.warehouse.protocol import Statement
from sql import reference

CREATE_MODEL = 107  # RESOLVED_CREATE_MODEL_STMT
MODELS = "dataset_of_models"


@dataclass(frozen=True)
class Created:
    """What the analyser understood of CREATE MODEL; columns are (name, type)."""

    name: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    options: dict[str, str]


def created(sql: str) -> Created:
    """The model that a CREATE MODEL creates.

    Raises:
        reference.Refused: the analyser does not take it.
    """
    messages = reference._messages()
    request = messages.AnalyzeRequest(sql_statement=sql.rstrip().rstrip(";"), options=reference._options(None))
    request.options.language_options.supported_statement_kinds.append(CREATE_MODEL)
    request.simple_catalog.CopyFrom(reference._catalog())
    answer = reference._call("Analyze", request, messages.AnalyzeResponse)
    node = answer.resolved_statement.resolved_create_statement_node.resolved_create_model_stmt_node
    options = {o.name: o.value.resolved_literal_node.value.value.string_value for o in node.option_list}
    columns = [
        tuple((c.name, reference._type_name(c.type)) for c in part)
        for part in (node.input_column_definition_list, node.output_column_definition_list)
    ]
    return Created(tuple(node.parent.name_path), *columns, options)


def analyse(statement: Statement, model: Created) -> dict[str, str]:
    """As `reference.analyse`, where `model` is there to be used.

    Raises:
        reference.Refused: the statement does not pass; or names another model, or gives it other columns.
    """
    messages = reference._messages()
    # Names that begin with leadwerk are tables to the reference.
    text = statement.text.replace("MODEL leadwerk.", f"MODEL {MODELS}.")
    sql = reference._with_tables(Statement(statement.name, text, statement.parameters), {})
    request = messages.PrepareQueryRequest(sql=sql, options=reference._options(statement))
    request.simple_catalog.CopyFrom(reference._catalog())
    _add(request.simple_catalog, model)
    answer = reference._call("PrepareQuery", request, messages.PrepareQueryResponse)
    return {column.name: reference._type_name(column.type) for column in answer.prepared.columns}


def _add(catalog: Any, model: Created) -> None:
    """The model, and ML.PREDICT for it: the model's inputs and the columns passed through go in, and all come out."""
    declared = catalog.catalog.add(name=MODELS).model.add(name=model.name[-1], id=1)
    predict = catalog.catalog.add(name="ml").custom_tvf.add(name_path=["ml", "predict"])
    predict.type = _number(predict, "type", "FIXED_OUTPUT_SCHEMA_TVF")
    predict.signature.argument.add(kind=_kind(predict, "ARG_TYPE_MODEL"), num_occurrences=1)
    rows = predict.signature.argument.add(kind=_kind(predict, "ARG_TYPE_RELATION"), num_occurrences=1)
    rows.options.extra_relation_input_columns_allowed = True
    result = predict.signature.return_type
    result.kind = _kind(predict, "ARG_TYPE_RELATION")
    passed = (("lead_id", "STRING"), ("language", "STRING"), ("region", "STRING"), ("has_behaviour", "INT64"))
    _columns(declared.input, model.inputs)
    _columns(declared.output, model.outputs)
    _columns(rows.options.relation_input_schema.column, (*model.inputs, *passed))
    _columns(result.options.relation_input_schema.column, (*model.inputs, *passed, *model.outputs))


def _columns(target: Any, columns: tuple[tuple[str, str], ...]) -> None:
    for name, kind in columns:
        reference._set_type(target.add(name=name).type, kind)


def _number(message: Any, field: str, name: str) -> int:
    return message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name[name].number


def _kind(predict: Any, name: str) -> int:
    argument = predict.signature.DESCRIPTOR.fields_by_name["argument"].message_type
    return argument.fields_by_name["kind"].enum_type.values_by_name[name].number
