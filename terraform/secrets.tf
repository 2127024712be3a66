# Secrets: containers only. The values are added by hand (docs/operations.md says how), so that no state file ever holds one
# and no apply can ever replace one.
locals {
  secrets = merge(
    local.crm_secrets,
    { person_key = "Key of the hashes that recognise a person without storing who it is. Never change it: old hashes would match nobody." },
    local.enrichment_secrets,
    var.workflows ? { channels = "Addresses of the workflows' channels by name, as JSON." } : {},
  )
  secret_folders = { for secret in keys(local.secrets) : secret => "/etc/secrets/${secret}" }
  secret_readers = merge([
    for name, secrets in local.function_secrets : { for secret in secrets : "${name}.${secret}" => { function = name, secret = secret } }
  ]...)
}

resource "google_secret_manager_secret" "value" {
  for_each = local.secrets

  secret_id           = "leadwerk-${replace(each.key, "_", "-")}"
  annotations         = { description = each.value }
  labels              = local.labels
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key_name[*]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

# Cloud Run refuses a function whose secret has no version. This refuses it earlier, when nothing is half built, and reads
# no value.
data "google_secret_manager_secret_version" "newest" {
  for_each = google_secret_manager_secret.value

  project           = var.project_id
  secret            = each.value.secret_id
  fetch_secret_data = false
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.value[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
