# GA4 export: in this project or in another one. Where it lies in another location, a copy of it that is brought up to date
# twice a day, for BigQuery cannot join across locations.
locals {
  ga4_project = coalesce(var.ga4_project_id, var.project_id)
  ga4_copies  = { for copied in var.ga4_copied_from[*] : "ga4" => copied }
}

# Read outside of the check below: what a check reads itself stands in every plan as a change.
data "google_bigquery_dataset" "ga4" {
  for_each = toset(var.ga4_copied_from == null ? [var.ga4_dataset_id] : [])

  project    = local.ga4_project
  dataset_id = each.key
}

locals {
  ga4_location = one([for export in data.google_bigquery_dataset.ga4 : export.location])
  ga4_lifetime = one([for export in data.google_bigquery_dataset.ga4 : export.default_table_expiration_ms])
}

check "ga4_export" {
  assert {
    condition     = lower(coalesce(local.ga4_location, local.data_location)) == lower(local.data_location)
    error_message = "The GA4 export ${local.ga4_project}.${var.ga4_dataset_id} lies in ${coalesce(local.ga4_location, "?")}, Leadwerk's tables in ${local.data_location}: BigQuery cannot join across locations. Set region and data_location to the export's, or ga4_copied_from, which copies it."
  }

  assert {
    condition     = coalesce(local.ga4_lifetime, 0) == 0
    error_message = "Tables of the GA4 export expire ${floor(coalesce(local.ga4_lifetime, 0) / 86400000)} days after they are made, as in a project that was once a sandbox: bq update --default_table_expiration 0 ${local.ga4_project}:${var.ga4_dataset_id}, and the same for the tables that are there."
  }
}

resource "google_bigquery_dataset" "ga4_copy" {
  for_each = local.ga4_copies

  dataset_id  = var.ga4_dataset_id
  location    = local.data_location
  description = "Copy of the GA4 export ${each.value.project_id}.${each.value.dataset_id}."

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key_name[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

resource "google_service_account" "ga4_copier" {
  for_each = local.ga4_copies

  account_id   = "leadwerk-ga4-copier"
  display_name = "Leadwerk copies of the GA4 export"
  description  = "Copies the GA4 export into Leadwerk's location, and nothing else."

  depends_on = [google_project_service.required]
}

resource "google_bigquery_dataset_iam_member" "ga4_copier_reads" {
  for_each = local.ga4_copies

  project    = each.value.project_id
  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.ga4_copier[each.key].member
}

resource "google_bigquery_dataset_iam_member" "ga4_copier_writes" {
  for_each = local.ga4_copies

  dataset_id = google_bigquery_dataset.ga4_copy[each.key].dataset_id
  role       = "roles/bigquery.dataOwner"
  member     = google_service_account.ga4_copier[each.key].member
}

# Google's documentation asks for these two rights on the project; the narrowest role that has both is BigQuery Admin.
resource "google_project_iam_custom_role" "ga4_copier" {
  for_each = local.ga4_copies

  role_id     = "leadwerkGa4Copier"
  title       = "Leadwerk copies of the GA4 export"
  permissions = ["bigquery.jobs.create", "bigquery.transfers.update"]

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "ga4_copier" {
  for_each = local.ga4_copies

  project = var.project_id
  role    = google_project_iam_custom_role.ga4_copier[each.key].id
  member  = google_service_account.ga4_copier[each.key].member
}

resource "google_bigquery_data_transfer_config" "ga4_copy" {
  for_each = local.ga4_copies

  display_name           = "Leadwerk: copy of the GA4 export"
  data_source_id         = "cross_region_copy"
  location               = local.data_location
  destination_dataset_id = google_bigquery_dataset.ga4_copy[each.key].dataset_id
  schedule               = "every 12 hours"
  service_account_name   = google_service_account.ga4_copier[each.key].email

  params = {
    source_project_id           = each.value.project_id
    source_dataset_id           = each.value.dataset_id
    overwrite_destination_table = "true"
  }

  depends_on = [
    google_bigquery_dataset_iam_member.ga4_copier_reads,
    google_bigquery_dataset_iam_member.ga4_copier_writes,
    google_project_iam_member.ga4_copier,
  ]
}
