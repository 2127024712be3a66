# Tables: every folder under warehouse/tables with a schema.json is a table. Its rows expire as the policy says.
locals {
  tables_root = "${path.module}/../shared/leadwerk/warehouse/tables"
  schemas = {
    for file in fileset(local.tables_root, "*/schema.json") : dirname(file) => jsondecode(file("${local.tables_root}/${file}"))
    if dirname(file) != "ga4_events"
  }
  policy = yamldecode(file(var.policy_file))
  retention_days = merge(
    jsondecode(file("${path.module}/../shared/leadwerk/policy/defaults/retention.json")),
    try(local.policy.retention, {}),
  )
  table_writers = merge([
    for name, function in local.functions : { for table in function.writes : "${name}.${table}" => { function = name, table = table } }
  ]...)
}

resource "google_bigquery_table" "leadwerk" {
  #checkov:skip=CKV_GCP_80:The dataset's default key applies: Google's own, or the customer's where kms_key_name is set.
  for_each = local.schemas

  dataset_id          = google_bigquery_dataset.leadwerk.dataset_id
  table_id            = each.key
  description         = each.value.description
  schema              = jsonencode(each.value.fields)
  clustering          = length(each.value.cluster) > 0 ? each.value.cluster : null
  deletion_protection = var.deletion_protection

  # These grow with the site's events: a statement that names no days is refused before it costs anything.
  require_partition_filter = contains(["activity_daily", "activity_events"], each.key)

  dynamic "time_partitioning" {
    for_each = each.value.partition[*]

    content {
      type          = "DAY"
      field         = time_partitioning.value
      expiration_ms = each.value.retention == null ? null : local.retention_days[each.value.retention] * 24 * 60 * 60 * 1000
    }
  }
}

resource "google_bigquery_table_iam_member" "writer" {
  for_each = local.table_writers

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  table_id   = google_bigquery_table.leadwerk[each.value.table].table_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.function[each.value.function].member
}
