# Dataset: Leadwerk's own tables, where they lie and who may read them and the GA4 export.
locals {
  data_location = coalesce(var.data_location, var.region)
}

resource "google_bigquery_dataset" "leadwerk" {
  dataset_id                 = var.dataset_id
  location                   = local.data_location
  description                = "Leadwerk: activity, leads, outcomes, scores, deliveries."
  delete_contents_on_destroy = !var.deletion_protection
  max_time_travel_hours      = "168"

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key_name[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each = local.functions

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.function[each.key].member
}

resource "google_bigquery_dataset_iam_member" "ga4_reader" {
  for_each = { for name, function in local.functions : name => function if function.reads_ga4 }

  project    = local.ga4_project
  dataset_id = var.ga4_dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.function[each.key].member

  depends_on = [google_bigquery_dataset.ga4_copy]
}
