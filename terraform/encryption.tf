# Customer-managed encryption key (optional): the Google service agents that may use it. Some of the agents do not exist until
# first requested; docs/operations.md has the commands.
locals {
  key_agents = {
    for name, agent in {
      artifact_registry = "service-%s@gcp-sa-artifactregistry.iam.gserviceaccount.com"
      bigquery          = "bq-%s@bigquery-encryption.iam.gserviceaccount.com"
      cloud_functions   = "service-%s@gcf-admin-robot.iam.gserviceaccount.com"
      cloud_run         = "service-%s@serverless-robot-prod.iam.gserviceaccount.com"
      cloud_storage     = "service-%s@gs-project-accounts.iam.gserviceaccount.com"
      secret_manager    = "service-%s@gcp-sa-secretmanager.iam.gserviceaccount.com"
      pubsub            = "service-%s@gcp-sa-pubsub.iam.gserviceaccount.com"
    } : name => agent if var.kms_key_name != null && (name != "pubsub" || length(var.touchpoint_publishers) > 0)
  }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = local.key_agents

  crypto_key_id = var.kms_key_name
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${format(each.value, data.google_project.this[var.project_id].number)}"
}
