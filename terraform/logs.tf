# Logs: a bucket of the region for the lines of the functions, and for Cloud Run's own line of each request. Google's own
# buckets for logs are global, so _Default gets none of these lines; metrics count them all the same.
locals {
  log_days = 30

  # Cloud Run's line of a request holds its address. Those of the desk and of its pages name a lead or a company, and that of
  # a webhook may hold the CRM's proof. Nothing is lost with them: Cloud Run counts requests and their times all the same,
  # the functions log a line of their own without names, and who saw or changed what stands in audit_log.
  names_in_addresses   = concat([local.service_names["desk"], local.service_names["ingest_feedback"]], [for name in keys(local.pages) : local.pages_name])
  requests_with_a_name = "log_id(\"run.googleapis.com/requests\") AND resource.labels.service_name=(${join(" OR ", [for name in local.names_in_addresses : "\"${name}\""])})"
}

data "google_logging_project_cmek_settings" "this" {
  for_each = toset(var.kms_key_name[*])

  project = var.project_id

  depends_on = [google_project_service.required]
}

resource "google_kms_crypto_key_iam_member" "logging" {
  for_each = data.google_logging_project_cmek_settings.this

  crypto_key_id = each.key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value.service_account_id}"
}

resource "google_logging_project_bucket_config" "functions" {
  project        = var.project_id
  location       = var.region
  bucket_id      = "leadwerk"
  description    = "What Leadwerk's functions log."
  retention_days = local.log_days

  dynamic "cmek_settings" {
    for_each = var.kms_key_name[*]

    content {
      kms_key_name = cmek_settings.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.logging, google_project_service.required]
}

resource "google_logging_project_sink" "functions" {
  name                   = "leadwerk"
  description            = "Lines of Leadwerk's functions to the bucket of their region."
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.functions.id}"
  filter                 = local.log_of_functions
  unique_writer_identity = true

  exclusions {
    name        = "requests-with-a-name"
    description = "Cloud Run's lines of requests whose address names a lead, a company or a secret: they are stored nowhere."
    filter      = local.requests_with_a_name
  }
}

resource "google_logging_project_exclusion" "functions" {
  name        = "leadwerk"
  description = "Lines of Leadwerk's functions lie in the bucket of their region, and not in the global one."
  filter      = local.log_of_functions

  depends_on = [google_logging_project_sink.functions]
}
