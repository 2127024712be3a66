# Policy: the business rules as one object. Terraform puts the first policy there; from then on `leadwerk policy publish`
# replaces it and keeps every version beside it (docs/operations.md). Functions take a new policy over within a minute.
resource "google_storage_bucket_object" "policy" {
  bucket       = google_storage_bucket.private["policy"].name
  name         = "policy.yaml"
  content      = file(var.policy_file)
  content_type = "application/yaml"

  lifecycle {
    ignore_changes = [content, detect_md5hash, source_md5hash]
  }
}

# Whoever publishes replaces the object, reads the leads that a replay is made of, and writes down who decided what: changes,
# suggestions, and thresholds held against the load.
resource "google_storage_bucket_iam_member" "policy_publisher" {
  for_each = var.policy_publishers

  bucket = google_storage_bucket.private["policy"].name
  role   = "roles/storage.objectUser"
  member = each.key
}

resource "google_storage_bucket_iam_member" "policy_publisher_models" {
  for_each = var.policy_publishers

  bucket = google_storage_bucket.private["models"].name
  role   = "roles/storage.objectViewer"
  member = each.key
}

resource "google_bigquery_dataset_iam_member" "policy_publisher" {
  for_each = var.policy_publishers

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

resource "google_bigquery_table_iam_member" "policy_publisher" {
  for_each = {
    for pair in setproduct(var.policy_publishers, ["policy_changes", "suggestions", "threshold_holds"]) : "${pair[0]}.${pair[1]}" => {
      member = pair[0]
      table  = pair[1]
    }
  }

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  table_id   = google_bigquery_table.leadwerk[each.value.table].table_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value.member
}

resource "google_project_iam_member" "policy_publisher" {
  for_each = { for pair in setproduct(var.policy_publishers, ["jobUser", "readSessionUser"]) : "${pair[0]}.${pair[1]}" => pair }

  project = var.project_id
  role    = "roles/bigquery.${each.value[1]}"
  member  = each.value[0]

  depends_on = [google_project_service.required]
}
