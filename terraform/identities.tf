# Identities: one account a function, and every role on the resource it is for. Four roles cannot be: BigQuery has no narrower
# home than the project for "may run a job" and "may open a read session", Cloud Build logs to the project, and builds read
# from a bucket that Google makes at the first one, so that role is narrowed by a condition.
resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "leadwerk-${replace(each.key, "_", "-")}"
  display_name = "Leadwerk ${each.key}"
  description  = each.value.description

  depends_on = [google_project_service.required]
}

resource "google_service_account" "scheduler" {
  account_id   = "leadwerk-scheduler"
  display_name = "Leadwerk schedules"
  description  = "Calls the functions on schedule, and nothing else."

  depends_on = [google_project_service.required]
}

resource "google_service_account" "builder" {
  account_id   = "leadwerk-builder"
  display_name = "Leadwerk builds"
  description  = "Builds the functions from their source bundles."

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "job_runner" {
  for_each = local.functions

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.function[each.key].member
}

# Training reads many rows, by way of Arrow: a read session belongs to a project as a job does.
resource "google_project_iam_member" "session_reader" {
  project = var.project_id
  role    = "roles/bigquery.readSessionUser"
  member  = google_service_account.function["retrain"].member
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/artifactregistry.writer"])

  project = var.project_id
  role    = each.key
  member  = google_service_account.builder.member
}

# Cloud Run functions copies a bundle into a bucket of its own, gcf-v2-sources-NUMBER-REGION, and builds from there.
resource "google_project_iam_member" "builder_reads_copies" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.builder.member

  condition {
    title       = "Copies of the bundles"
    description = "Google makes this bucket at the first build; no role can sit on it before."
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}
