# Outputs: what the deployment is told of the bootstrap.
output "deployer" {
  description = "Account that applies: export GOOGLE_IMPERSONATE_SERVICE_ACCOUNT with this value."
  value       = google_service_account.deployer.email
}

output "backend" {
  description = "Content of terraform/backend.tf: terraform output -raw backend > ../backend.tf"
  value       = <<-EOT
    terraform {
      backend "gcs" {
        bucket = "${google_storage_bucket.state.name}"
      }
    }
  EOT
}

output "github_provider" {
  description = "Variable WORKLOAD_IDENTITY_PROVIDER of the repository at GitHub; null without github_repository."
  value       = one([for provider in google_iam_workload_identity_pool_provider.github : provider.name])
}
