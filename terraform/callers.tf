# Callers: people and systems that may call a function beside the schedules. IAM members by name, never the public.
resource "google_cloud_run_v2_service_iam_member" "score_invoker" {
  for_each = var.score_invokers

  location = var.region
  name     = google_cloudfunctions2_function.stage["score"].name
  role     = "roles/run.invoker"
  member   = each.key
}

resource "google_cloud_run_v2_service_iam_member" "crm_webhook_caller" {
  for_each = var.crm_webhook_callers

  location = var.region
  name     = google_cloudfunctions2_function.stage["ingest_feedback"].name
  role     = "roles/run.invoker"
  member   = each.key
}

resource "google_cloud_run_v2_service_iam_member" "desk_program" {
  for_each = var.desk_programs

  location = var.region
  name     = google_cloudfunctions2_function.stage["desk"].name
  role     = "roles/run.invoker"
  member   = each.key
}

resource "google_cloud_run_v2_service_iam_member" "privacy_officer" {
  for_each = var.privacy_officers

  location = var.region
  name     = google_cloudfunctions2_function.stage["privacy"].name
  role     = "roles/run.invoker"
  member   = each.key
}
