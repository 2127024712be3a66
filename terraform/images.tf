# Images: a repository in the region for what Google builds from the bundles.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:The images hold open source only; they take the customer's key where kms_key_name is set.
  repository_id = "leadwerk-functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions."
  kms_key_name  = var.kms_key_name
  labels        = local.labels

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}
