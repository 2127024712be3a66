# Schedules: the clock of the loop. Stages are idempotent, so a retry is harmless; the functions' timeouts stay under
# Scheduler's 30 minutes.
locals {
  schedules = merge(local.workflow_schedules, local.enrichment_schedules, {
    extract_nightly  = { function = "extract_features", cron = "30 5 * * *", body = {}, about = "Yesterday's and the three corrected days before." }
    extract_intraday = { function = "extract_features", cron = "5 7-20 * * *", body = { intraday = true }, about = "What came since the night: today so far, and daily tables." }
    ingest_nightly   = { function = "ingest_feedback", cron = "0 2-4 * * *", body = {}, about = "Outcomes of the day; a backfill that its time ends goes on an hour later." }
    deliver          = { function = "deliver_scores", cron = "*/5 * * * *", body = {}, about = "What waits in the outbox." }
    threshold_daily  = { function = "desk", cron = "15 6 * * *", body = { threshold = true }, about = "From what score on a lead is HOT today, by the sellers' free time; then the KPIs of the morning." }
    rescore_daily    = { function = "score", cron = "30 6 * * *", body = { rescore = true }, about = "All open leads, after the night's activity." }
    rescore_left     = { function = "score", cron = "0 7-11 * * *", body = { rescore = "left" }, about = "Open leads that the rescoring did not reach in its time." }
    drift_daily      = { function = "retrain", cron = "45 4 * * *", body = { monitor = true }, about = "Drift of leads and outcomes; an alarm trains at once. Anomalies of what comes in." }
    retrain_weekly   = { function = "retrain", cron = "0 3 * * 0", body = {}, about = "A challenger for the champion." }
    erase_again      = { function = "privacy", cron = "40 */2 * * *", body = {}, about = "What is left of erased persons: rows that were streamed cannot be deleted for 90 minutes." }
    # A form that nobody sent: it costs what a form costs, at least 100 MB read, and stores nothing.
    synthetic_check = { function = "score", cron = "*/15 7-20 * * *", body = { lead_id = "leadwerk-synthetic", form = { web_consent = false }, dry_run = true }, about = "Whether a form would be scored." }
    # Day and night, since it reads nothing; the form above reads what a form reads, which is the cost of a large site.
    health_check = { function = "score", cron = "*/5 * * * *", path = "/health", about = "Whether score starts and answers; it keeps an instance warm." }
    report_daily = { function = "desk", cron = "0 7 * * *", body = {}, about = "The report of the day." }
  })
  # After the night's leads, before they are scored.
  enrichment_schedules = {
    for name in ["enrichment"] : name => { function = "ingest_feedback", cron = "10 5 * * *", body = { enrich = true }, about = "Missing facts of companies, from those whom the policy names." } if length(var.enrichment) > 0
  }
  # Between two deliveries: the function answers one request at a time, and a run of either takes at most some minutes.
  workflow_schedules = {
    for name in ["workflows"] : name => { function = "deliver_scores", cron = "4-59/5 * * * *", body = { workflows = true }, about = "What follows in the CRM and in channels from leads that changed." } if var.workflows
  }
}

resource "google_cloud_scheduler_job" "stage" {
  for_each = local.schedules

  name             = "leadwerk-${replace(each.key, "_", "-")}"
  region           = var.region
  description      = each.value.about
  schedule         = each.value.cron
  time_zone        = coalesce(var.time_zone, local.policy.time_zone)
  paused           = var.schedules_paused
  attempt_deadline = "${local.functions[each.value.function].timeout}s" # as long as the function may run: a retry would meet the run before

  retry_config {
    retry_count          = 3
    min_backoff_duration = "30s"
    max_backoff_duration = "600s"
    max_retry_duration   = "3600s"
    max_doublings        = 4
  }

  http_target {
    http_method = can(each.value.path) ? "GET" : "POST"
    uri         = "${google_cloudfunctions2_function.stage[each.value.function].service_config[0].uri}${try(each.value.path, "")}"
    headers     = can(each.value.path) ? null : { "Content-Type" = "application/json" }
    body        = can(each.value.path) ? null : base64encode(jsonencode(each.value.body))

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = google_cloudfunctions2_function.stage[each.value.function].service_config[0].uri
    }
  }
}

resource "google_cloud_run_v2_service_iam_member" "scheduler" {
  for_each = local.functions

  location = var.region
  name     = google_cloudfunctions2_function.stage[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}
