# Monitoring: metrics and alerts. Every function logs one line a call, `stage_finished` or `stage_failed`, with its counts
# (shared/leadwerk/web/log.py); metrics are made of those lines, alerts of the metrics. docs/operations.md has a runbook for
# every alert under its name here.
locals {
  services         = concat(values(local.service_names), [for name in keys(local.pages) : local.pages_name])
  log_of_functions = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in local.services : "\"${name}\""])})"
  finished         = "jsonPayload.event=\"stage_finished\" AND jsonPayload.stage="

  # A metric counts log lines, or sums a number that the lines carry.
  log_metrics = {
    stage_failed     = { filter = "jsonPayload.event=\"stage_failed\"", value = null }
    extract_finished = { filter = "${local.finished}\"extract_features\" AND jsonPayload.intraday=false", value = null }
    days_missing     = { filter = "${local.finished}\"extract_features\"", value = "jsonPayload.missing" }
    days_empty       = { filter = "${local.finished}\"extract_features\"", value = "jsonPayload.empty" }
    events_kept      = { filter = "${local.finished}\"extract_features\"", value = "jsonPayload.events_kept" }
    dead_letter      = { filter = "${local.finished}(\"deliver_scores\" OR \"score\")", value = "jsonPayload.dead_letter" }
    pending          = { filter = "${local.finished}\"deliver_scores\"", value = "jsonPayload.pending" }
    outbox_hours     = { filter = "${local.finished}\"deliver_scores\"", value = "jsonPayload.oldest_hours" }
    rejected         = { filter = "${local.finished}\"ingest_feedback\"", value = "jsonPayload.rejected" }
    champion_age     = { filter = "${local.finished}\"desk\"", value = "jsonPayload.champion_age_days" }
    drift            = { filter = "${local.finished}\"desk\"", value = "jsonPayload.drift" }
    kpi_alerts       = { filter = "jsonPayload.event=\"kpis_measured\"", value = "jsonPayload.kpi_alerts" }
    anomalies        = { filter = "jsonPayload.event=\"anomaly_alarm\"", value = null }
    model_trained    = { filter = "${local.finished}\"retrain\" AND jsonPayload.stood_down:*", value = null }
    rescore_left     = { filter = "${local.finished}\"score\" AND jsonPayload.only_left=false", value = "jsonPayload.left" }
    channel_disabled = { filter = "jsonPayload.event=\"channel_disabled\"", value = null }
    stood_down       = { filter = "${local.finished}\"retrain\" AND jsonPayload.stood_down=true", value = null }
  }

  # above: the metric's sum over `window`; mean_above: its mean; none: not one line in `window`, which is an interval of its
  # schedule and some patience.
  alerts = {
    stage_failing          = { metric = "stage_failed", kind = "above", threshold = 2, window = "1h", severity = "ERROR", says = "A stage failed more than twice within an hour." }
    extract_late           = { metric = "extract_finished", kind = "none", threshold = 0.5, window = "25h", severity = "ERROR", says = "The nightly extraction has not finished for 25 hours." }
    ingest_late            = { metric = "rejected", kind = "none", threshold = 0.5, window = "25h", severity = "ERROR", says = "The nightly ingestion from the CRM has not finished for 25 hours." }
    rescore_late           = { metric = "rescore_left", kind = "none", threshold = 0.5, window = "25h", severity = "ERROR", says = "The open leads have not been rescored for 25 hours." }
    threshold_late         = { metric = "kpi_alerts", kind = "none", threshold = 0.5, window = "25h", severity = "WARNING", says = "The threshold and the KPIs of the day have not been decided for 25 hours." }
    deliver_late           = { metric = "pending", kind = "none", threshold = 0.5, window = "1h", severity = "ERROR", says = "No delivery to the CRM has finished for an hour." }
    retrain_late           = { metric = "model_trained", kind = "none", threshold = 0.5, window = "8d", severity = "WARNING", says = "The weekly retraining has not finished for 8 days." }
    feed_missing           = { metric = "days_missing", kind = "above", threshold = 0, window = "24h", severity = "WARNING", says = "GA4 did not export a day that should be there." }
    feed_empty             = { metric = "days_empty", kind = "above", threshold = 0, window = "24h", severity = "ERROR", says = "A whole day's extraction kept not a single event." }
    deliveries_dead_letter = { metric = "dead_letter", kind = "above", threshold = 0, window = "1h", severity = "WARNING", says = "The CRM refuses scores; they are dead letters with the reason." }
    outbox_old             = { metric = "outbox_hours", kind = "mean_above", threshold = 6, window = "1h", severity = "WARNING", says = "A score has been waiting for the CRM for more than 6 hours." }
    drift                  = { metric = "drift", kind = "mean_above", threshold = 0.25, window = "24h", severity = "WARNING", says = "The leads of this week are not those that the champion learned from." }
    anomalies              = { metric = "anomalies", kind = "above", threshold = 0, window = "24h", severity = "WARNING", says = "Leads, signals or visits come in otherwise than in the weeks before." }
    model_stale            = { metric = "champion_age", kind = "mean_above", threshold = 60, window = "24h", severity = "WARNING", says = "The champion is older than 60 days." }
    model_stood_down       = { metric = "stood_down", kind = "above", threshold = 0, window = "24h", severity = "WARNING", says = "The champion ranked worse than the points and stood down; the points decide." }
    channel_disabled       = { metric = "channel_disabled", kind = "above", threshold = 0, window = "1h", severity = "ERROR", says = "A channel of the workflows failed for days and is disabled; its actions wait." }
    kpi_limits             = { metric = "kpi_alerts", kind = "above", threshold = 0, window = "24h", severity = "WARNING", says = "A KPI is outside the limits that the policy sets." }
    feedback_rejected      = { metric = "rejected", kind = "above", threshold = 100, window = "24h", severity = "WARNING", says = "Many cases of the CRM could not be used." }
  }

  # A distribution has a series of its sum and one of its count; a counter is its own.
  sums = {
    for name, metric in local.log_metrics :
    name => "sum(increase(logging_googleapis_com:user_leadwerk_${name}${metric.value == null ? "" : "_sum"}{monitored_resource=\"cloud_run_revision\"}[%s]))"
  }
  counts = {
    for name, metric in local.log_metrics :
    name => "sum(increase(logging_googleapis_com:user_leadwerk_${name}_count{monitored_resource=\"cloud_run_revision\"}[%s]))" if metric.value != null
  }

  # What Cloud Run counts itself sees also what cannot log any more: a function out of memory or out of time.
  requests = "increase(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=~\"${join("|", local.services)}\"%s}[2h])"
  errors   = "sum by (service_name) (${format(local.requests, ",response_code_class=\"5xx\"")})"
  slowest  = "histogram_quantile(0.95, sum by (le) (rate(run_googleapis_com:request_latencies_bucket{monitored_resource=\"cloud_run_revision\",service_name=\"${local.service_names["score"]}\"}[5m])))"

  # Burn rates of the service level: how many times as fast as allowed the budget of failures is used up, over two windows
  # at once, so that an alert comes soon and goes soon. Source: Site Reliability Workbook, Alerting on SLOs.
  allowed_failures    = 0.005
  score_request_count = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.service_names["score"]}\""
  score_requests      = "sum(increase(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"${local.service_names["score"]}\"%s}[%s]))"
  burning = {
    for window in ["5m", "30m", "1h", "6h"] :
    window => "(${format(local.score_requests, ",response_code_class=\"5xx\"", window)} / ${format(local.score_requests, "", window)} / ${local.allowed_failures})"
  }

  conditions = merge(
    {
      for name, alert in local.alerts : name => {
        severity = alert.severity
        says     = alert.says
        lasts    = "0s"
        query = (
          alert.kind == "none" ? "(${format(lookup(local.counts, alert.metric, local.sums[alert.metric]), alert.window)} or vector(0)) < ${alert.threshold}" :
          alert.kind == "above" ? "${format(local.sums[alert.metric], alert.window)} > ${alert.threshold}" :
          "(${format(local.sums[alert.metric], alert.window)}) / (${format(local.counts[alert.metric], alert.window)}) > ${alert.threshold}"
        )
      }
    },
    {
      # Cloud Run gives a batch four attempts (schedules.tf): three of them, or three and a tenth of many requests.
      error_rate = {
        severity = "ERROR"
        says     = "A function answered 5xx at least three times, and to more than a tenth of its requests, within two hours."
        lasts    = "0s"
        query    = "${local.errors} > 2 and ${local.errors} / sum by (service_name) (${format(local.requests, "")}) > 0.1"
      }
      score_budget = {
        severity = "ERROR"
        says     = "Scores fail so often that the month's budget of failures will be gone within days."
        lasts    = "0s"
        query    = "(${local.burning["1h"]} > 14.4 and ${local.burning["5m"]} > 14.4) or (${local.burning["6h"]} > 6 and ${local.burning["30m"]} > 6)"
      }
      # For a quarter of an hour, since the rescore of the morning is one long request to the same function.
      score_latency = {
        severity = "WARNING"
        says     = "One score in twenty takes longer than 5 seconds."
        lasts    = "900s"
        query    = "${local.slowest} > 5000"
      }
    },
    {
      for name in local.pushes : "touchpoints_refused" => {
        severity = "WARNING"
        says     = "Published touchpoints were refused; they lie in a subscription of their own for a week."
        lasts    = "0s"
        query    = "sum(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"${local.refused_topic}\"}) > 0"
      }
    },
  )
}

# The service level as Monitoring shows it, with the budget that is left; score_budget is its alert.
resource "google_monitoring_custom_service" "score" {
  service_id   = "leadwerk-score"
  display_name = "Leadwerk scores"

  depends_on = [google_project_service.required]
}

resource "google_monitoring_slo" "score" {
  service             = google_monitoring_custom_service.score.service_id
  slo_id              = "answered"
  display_name        = "Requests to score that end without a 5xx, over 30 days"
  goal                = 1 - local.allowed_failures
  rolling_period_days = 30

  request_based_sli {
    good_total_ratio {
      total_service_filter = local.score_request_count
      bad_service_filter   = "${local.score_request_count} AND metric.labels.response_code_class=\"5xx\""
    }
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

  depends_on = [google_project_service.required]
}

resource "google_monitoring_alert_policy" "stage" {
  for_each = local.conditions

  display_name          = "Leadwerk: ${replace(each.key, "_", " ")}"
  combiner              = "OR"
  severity              = each.value.severity
  enabled               = !(var.schedules_paused && try(local.alerts[each.key].kind, "") == "none")
  notification_channels = local.channels

  conditions {
    display_name = each.value.says

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.lasts
      evaluation_interval = "300s"
      # A metric made in the same apply is known to Monitoring only some minutes later.
      disable_metric_validation = true
    }
  }

  documentation {
    content   = "${each.value.says} What to do: docs/operations.md#${each.key}"
    mime_type = "text/markdown"
  }

  depends_on = [google_logging_metric.stage]
}
