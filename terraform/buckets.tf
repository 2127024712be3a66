# Buckets: models, reports, picks, policy and source bundles. Private, versioned, in the region; who may read or write which.
locals {
  buckets = {
    models  = { versioned = true, keep_noncurrent_days = 400, deleted_with_contents = false }
    reports = { versioned = true, keep_noncurrent_days = 90, deleted_with_contents = false }
    picks   = { versioned = true, keep_noncurrent_days = 30, deleted_with_contents = false }
    policy  = { versioned = true, keep_noncurrent_days = 1100, deleted_with_contents = false }
    sources = { versioned = true, keep_noncurrent_days = 30, deleted_with_contents = true }
  }
}

resource "google_storage_bucket" "private" {
  #checkov:skip=CKV_GCP_62:Only our own accounts read these few objects; whoever must prove reads enables data-access audit logs.
  for_each = local.buckets

  name                        = "${var.project_id}-leadwerk-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = each.value.deleted_with_contents || !var.deletion_protection

  versioning {
    enabled = each.value.versioned
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = each.value.keep_noncurrent_days
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key_name[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

resource "google_storage_bucket_iam_member" "builder" {
  bucket = google_storage_bucket.private["sources"].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.builder.member
}

resource "google_storage_bucket_iam_member" "policy_reader" {
  for_each = local.functions

  bucket = google_storage_bucket.private["policy"].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.function[each.key].member
}

resource "google_storage_bucket_iam_member" "models" {
  for_each = { for name, function in local.functions : name => function.models if function.models != null }

  bucket = google_storage_bucket.private["models"].name
  role   = each.value
  member = google_service_account.function[each.key].member
}

# One object a lead: who writes it first holds the lead. An erasure deletes it.
resource "google_storage_bucket_iam_member" "picks" {
  for_each = toset(["desk", "privacy"])

  bucket = google_storage_bucket.private["picks"].name
  role   = "roles/storage.objectUser"
  member = google_service_account.function[each.key].member
}

# An erasure deletes the replay of a draft, which names leads.
resource "google_storage_bucket_iam_member" "reports" {
  for_each = { for name, function in local.functions : name => function.reports if function.reports != null }

  bucket = google_storage_bucket.private["reports"].name
  role   = each.value
  member = google_service_account.function[each.key].member
}
