# Who may do what. One account a function; every role sits on the resource it is for. Three cannot: BigQuery has no
# narrower home than the project for "may run a job" and "may open a read session", and Cloud Build logs to the project.
resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "leadwerk-${replace(each.key, "_", "-")}"
  display_name = "Leadwerk ${each.key}"
  description  = each.value.description
}

resource "google_service_account" "scheduler" {
  account_id   = "leadwerk-scheduler"
  display_name = "Leadwerk schedules"
  description  = "Calls the functions on schedule, and nothing else."
}

resource "google_service_account" "builder" {
  account_id   = "leadwerk-builder"
  display_name = "Leadwerk builds"
  description  = "Builds the functions from their source bundles."
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
