# Logs: a bucket of the region for the lines of the functions, and for Cloud Run's own line of each request. Google's own
# buckets for logs are global, so _Default gets none of these lines; metrics count them all the same.
locals {
  log_days = 30
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
}

resource "google_logging_project_exclusion" "functions" {
  name        = "leadwerk"
  description = "Lines of Leadwerk's functions lie in the bucket of their region, and not in the global one."
  filter      = local.log_of_functions

  depends_on = [google_logging_project_sink.functions]
}
