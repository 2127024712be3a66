# Containers only: the values are added by hand (outputs.tf says how), so that no state file ever holds one. A function
# cannot be deployed while a secret has no version at all; the first version therefore says in words that it is none.
locals {
  secrets = {
    crm_token  = "Bearer token of the CRM's API."
    person_key = "Key of the hashes that recognise a person without storing who it is. Never change it: old hashes would match nobody."
  }
  secret_readers = merge([
    for name, function in local.functions : { for secret in function.secrets : "${name}.${secret}" => { function = name, secret = secret } }
  ]...)
}

resource "google_secret_manager_secret" "value" {
  for_each = local.secrets

  secret_id   = "leadwerk-${replace(each.key, "_", "-")}"
  annotations = { description = each.value }
  labels      = local.labels

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

resource "google_secret_manager_secret_version" "unset" {
  for_each = local.secrets

  secret          = google_secret_manager_secret.value[each.key].id
  secret_data     = "unset"
  deletion_policy = "ABANDON"
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.value[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
