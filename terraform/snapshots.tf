# Snapshots (optional): each night a snapshot of every table whose rows nothing can make again, kept for `snapshot_days`.
# Activity is rebuilt from the export, everything else here is what happened once. BigQuery's time travel holds seven days
# of changes without any of this, and nothing of a table that was deleted with its dataset.
locals {
  snapshots        = { for days in var.snapshot_days[*] : "nightly" => days }
  recomputed       = ["activity_daily", "activity_events", "extract_runs"]
  snapshotted      = sort([for name in keys(local.schemas) : name if !contains(local.recomputed, name)])
  snapshots_place  = "${var.dataset_id}_snapshots"
  snapshots_script = <<-SQL
    FOR source IN (SELECT name FROM UNNEST(%s) AS name) DO
      EXECUTE IMMEDIATE FORMAT(
        'CREATE SNAPSHOT TABLE IF NOT EXISTS `%s.%s.%%s_%%s` CLONE `%s.%s.%%s`',
        source.name, FORMAT_DATE('%%Y%%m%%d', CURRENT_DATE()), source.name);
    END FOR;
  SQL
}

resource "google_bigquery_dataset" "snapshots" {
  for_each = local.snapshots

  dataset_id                  = local.snapshots_place
  location                    = local.data_location
  description                 = "Nightly snapshots of Leadwerk's tables; each expires by itself."
  default_table_expiration_ms = each.value * 24 * 60 * 60 * 1000
  delete_contents_on_destroy  = !var.deletion_protection

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key_name[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

resource "google_service_account" "snapshots" {
  for_each = local.snapshots

  account_id   = "leadwerk-snapshots"
  display_name = "Leadwerk snapshots"
  description  = "Makes the nightly snapshots, and changes no table."

  depends_on = [google_project_service.required]
}

# To take a snapshot of a table is a right of its own; viewers of data do not have it.
resource "google_project_iam_custom_role" "snapshots" {
  for_each = local.snapshots

  role_id     = "leadwerkSnapshots"
  title       = "Leadwerk snapshots"
  permissions = ["bigquery.tables.createSnapshot", "bigquery.tables.get", "bigquery.tables.getData"]

  depends_on = [google_project_service.required]
}

resource "google_bigquery_dataset_iam_member" "snapshots_read" {
  for_each = local.snapshots

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  role       = google_project_iam_custom_role.snapshots[each.key].id
  member     = google_service_account.snapshots[each.key].member
}

resource "google_bigquery_dataset_iam_member" "snapshots_write" {
  for_each = local.snapshots

  dataset_id = google_bigquery_dataset.snapshots[each.key].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.snapshots[each.key].member
}

resource "google_project_iam_member" "snapshots" {
  for_each = local.snapshots

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.snapshots[each.key].member
}

resource "google_bigquery_data_transfer_config" "snapshots" {
  for_each = local.snapshots

  display_name         = "Leadwerk: nightly snapshots"
  data_source_id       = "scheduled_query"
  location             = local.data_location
  schedule             = "every day 03:00"
  service_account_name = google_service_account.snapshots[each.key].email

  params = {
    query = format(
      local.snapshots_script,
      jsonencode(local.snapshotted), var.project_id, local.snapshots_place, var.project_id, var.dataset_id,
    )
  }

  depends_on = [
    google_bigquery_dataset_iam_member.snapshots_read,
    google_bigquery_dataset_iam_member.snapshots_write,
    google_project_iam_member.snapshots,
  ]
}
