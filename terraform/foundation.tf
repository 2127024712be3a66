# Foundation: what functions are built on. Google takes minutes until a new account, role or service is known everywhere, and a
# build that starts sooner fails. docs/operations.md applies the foundation first and then asks a person for the values of the
# secrets, without which secrets.tf refuses every function: the wait between the two applies is built in.
resource "terraform_data" "foundation" {
  depends_on = [
    google_artifact_registry_repository.images,
    google_bigquery_connection.score,
    google_kms_crypto_key_iam_member.agent,
    google_project_iam_member.builder,
    google_project_iam_member.builder_reads_copies,
    google_project_service.required,
    google_secret_manager_secret_iam_member.reader,
    google_storage_bucket_iam_member.builder,
  ]
}
