# What an operator wants to be told. Every function logs one line a call, `stage_finished` or `stage_failed`, with its
# counts (shared/leadwerk/entrypoint.py); metrics are made of those lines, alerts of the metrics. docs/operations.md has a
# runbook for every alert under its name here.
locals {
  log_of_functions = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in keys(local.functions) : "\"${replace(name, "_", "-")}\""])})"

  # A metric counts log lines, or sums a number that the lines carry.
  log_metrics = {
    stage_failed     = { filter = "jsonPayload.event=\"stage_failed\"", value = null }
    extract_finished = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"extract_features\"", value = null }
    days_missing     = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"extract_features\"", value = "jsonPayload.missing" }
    events_kept      = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"extract_features\"", value = "jsonPayload.events_kept" }
    parked           = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"deliver_scores\"", value = "jsonPayload.parked" }
    pending          = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"deliver_scores\"", value = "jsonPayload.pending" }
    rejected         = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"ingest_feedback\"", value = "jsonPayload.rejected" }
    champion_age     = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"desk\"", value = "jsonPayload.champion_age_days" }
    drift            = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"desk\"", value = "jsonPayload.drift" }
    model_trained    = { filter = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage=\"retrain\"", value = null }
  }

  # above, below: the metric's sum over `window`; mean_above: its mean; absent: no line for `window` (the API allows 23.5
  # hours).
  alerts = {
    stage_failing     = { metric = "stage_failed", kind = "above", threshold = 2, window = "3600s", severity = "ERROR", says = "A stage failed more than twice within an hour." }
    extract_late      = { metric = "extract_finished", kind = "absent", threshold = 0, window = "84600s", severity = "ERROR", says = "No extraction has finished for almost a day." }
    feed_missing      = { metric = "days_missing", kind = "above", threshold = 0, window = "86400s", severity = "WARNING", says = "GA4 did not export a day that should be there." }
    feed_empty        = { metric = "events_kept", kind = "below", threshold = 1, window = "86400s", severity = "ERROR", says = "A day's extraction kept not a single event." }
    deliveries_parked = { metric = "parked", kind = "above", threshold = 0, window = "3600s", severity = "WARNING", says = "The CRM refuses scores; they are parked with the reason." }
    outbox_old        = { metric = "pending", kind = "above", threshold = 5000, window = "3600s", severity = "WARNING", says = "Scores wait in the outbox faster than the CRM takes them." }
    drift             = { metric = "drift", kind = "mean_above", threshold = 0.25, window = "86400s", severity = "WARNING", says = "The leads of this week are not those that the champion learned from." }
    model_stale       = { metric = "champion_age", kind = "mean_above", threshold = 60, window = "86400s", severity = "WARNING", says = "The champion is older than 60 days." }
    feedback_rejected = { metric = "rejected", kind = "above", threshold = 100, window = "86400s", severity = "WARNING", says = "Many cases of the CRM could not be used." }
  }
}

resource "google_logging_metric" "stage" {
  for_each = local.log_metrics

  name            = "leadwerk/${each.key}"
  description     = "From the lines that Leadwerk's functions log."
  filter          = "${local.log_of_functions} AND ${each.value.filter}"
  value_extractor = each.value.value == null ? null : "EXTRACT(${each.value.value})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit        = "1"
  }

  dynamic "bucket_options" {
    for_each = each.value.value[*]

    content {
      exponential_buckets {
        num_finite_buckets = 40
        growth_factor      = 2
        scale              = 1
      }
    }
  }
}

resource "google_monitoring_alert_policy" "stage" {
  for_each = local.alerts

  display_name          = "Leadwerk: ${replace(each.key, "_", " ")}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = each.value.says

    dynamic "condition_absent" {
      for_each = each.value.kind == "absent" ? [each.value] : []

      content {
        filter   = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.stage[each.value.metric].name}\" AND resource.type=\"cloud_run_revision\""
        duration = each.value.window

        aggregations {
          alignment_period     = "3600s"
          per_series_aligner   = "ALIGN_DELTA"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }

    dynamic "condition_prometheus_query_language" {
      for_each = each.value.kind == "absent" ? [] : [each.value]

      content {
        query               = local.promql[each.key]
        duration            = "0s"
        evaluation_interval = "300s"
      }
    }
  }

  documentation {
    content   = "${each.value.says} What to do: docs/operations.md, section ${each.key}."
    mime_type = "text/markdown"
  }
}

locals {
  # A distribution has a series of its sum and one of its count; a counter is its own.
  promql = {
    for name, alert in local.alerts : name => format(
      alert.kind == "mean_above" ? "(%s) / (%s) > %v" : alert.kind == "below" ? "%[1]s < %[3]v" : "%[1]s > %[3]v",
      format(local.increase, alert.metric, local.log_metrics[alert.metric].value == null ? "" : "_sum", alert.window),
      format(local.increase, alert.metric, "_count", alert.window),
      alert.threshold,
    ) if alert.kind != "absent"
  }
  increase = "sum(increase(logging_googleapis_com:user_leadwerk_%s%s{monitored_resource=\"cloud_run_revision\"}[%s]))"
}

resource "google_monitoring_alert_policy" "score_latency" {
  display_name          = "Leadwerk: score latency"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = "One score in twenty takes longer than 5 seconds."

    condition_threshold {
      filter          = "metric.type=\"run.googleapis.com/request_latencies\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"score\""
      comparison      = "COMPARISON_GT"
      threshold_value = 5000
      duration        = "900s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_PERCENTILE_95"
        cross_series_reducer = "REDUCE_MAX"
      }
    }
  }

  documentation {
    content   = "What to do: docs/operations.md, section score_latency."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "errors" {
  display_name          = "Leadwerk: error rate"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = "A function answers with 5xx more than ten times in ten minutes."

    condition_threshold {
      filter          = "metric.type=\"run.googleapis.com/request_count\" AND ${local.log_of_functions} AND metric.labels.response_code_class=\"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = 10
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  documentation {
    content   = "What to do: docs/operations.md, section error_rate."
    mime_type = "text/markdown"
  }
}
