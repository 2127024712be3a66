# Bootstrap: what an Owner makes once, so that nobody has to be Owner afterwards: a bucket for the state, with versions and a lock,
# and an account with the roles that an apply takes, which people and the CI impersonate.
terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

locals {
  # Role → what an apply needs it for. docs/operations.md lists them for who applies without this module (a test compares).
  roles = {
    "roles/editor"                          = "functions, schedules, service accounts, tables, metrics and alerts"
    "roles/resourcemanager.projectIamAdmin" = "roles on the project"
    "roles/serviceusage.serviceUsageAdmin"  = "switches services on"
    "roles/run.admin"                       = "who may call a function, and calling one"
    "roles/storage.admin"                   = "buckets and who may read them"
    "roles/secretmanager.admin"             = "secrets, their values and who may read them"
    "roles/bigquery.dataOwner"              = "datasets, tables and who may read them"
    "roles/bigquery.connectionAdmin"        = "the remote function"
    "roles/logging.configWriter"            = "the bucket of the logs, and what goes there"
    "roles/pubsub.admin"                    = "the topic of touchpoints, and who may publish there"
    "roles/iap.admin"                       = "who may pass identity-aware proxy"
  }
}

resource "google_project_service" "required" {
  for_each = toset(["cloudresourcemanager.googleapis.com", "iam.googleapis.com", "iamcredentials.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com", "sts.googleapis.com"])

  service            = each.key
  disable_on_destroy = false
}

resource "google_storage_bucket" "state" {
  #checkov:skip=CKV_GCP_62:Only the deployer reads the state; data-access audit logs show every read where an organisation wants that.
  name                        = "${var.project_id}-leadwerk-terraform"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 400
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.required]
}

resource "google_service_account" "deployer" {
  account_id   = "leadwerk-deployer"
  display_name = "Leadwerk deployer"
  description  = "Applies Leadwerk's Terraform."

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "deployer" {
  #checkov:skip=CKV_GCP_117:Who applies makes resources of nine services; the basic role is narrower than their nine admin roles together.
  #checkov:skip=CKV_GCP_49:An apply makes service accounts and lets functions run as them; only var.deployers may act as this one.
  for_each = local.roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.deployer.member
}

resource "google_storage_bucket_iam_member" "state" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectUser"
  member = google_service_account.deployer.member
}

resource "google_service_account_iam_member" "deployer" {
  for_each = var.deployers

  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.key
}

# GitHub's runners prove by their own token which repository they work for: no key of the deployer is ever made.
locals {
  github = toset(var.github_repository[*])
}

resource "google_iam_workload_identity_pool" "github" {
  for_each = local.github

  workload_identity_pool_id = "leadwerk-github"
  display_name              = "Leadwerk: GitHub Actions"

  depends_on = [google_project_service.required]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:The subject is exact, one repository's environment; checkov cannot read it because the repository is a variable.
  for_each = local.github

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[each.key].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  # The environment, and not the branch: whoever may push a branch may rewrite the workflow, and only reviewers let it in.
  attribute_condition = "assertion.sub == \"repo:${each.key}:environment:production\""
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github" {
  for_each = local.github

  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[each.key].name}/attribute.repository/${each.key}"
}
