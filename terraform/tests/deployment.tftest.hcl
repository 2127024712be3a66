# Runs without credentials: `terraform init && terraform test`. The provider is mocked, its schema is the real one.

mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://function.example.run.app" }
    }
  }
}

variables {
  project_id     = "test-project"
  ga4_dataset_id = "analytics_1"
  policy_file    = "../shared/leadwerk/policy/defaults/mortgage.yaml"
  crm_url        = "https://crm.example.ch"
}

run "plans_with_the_required_variables_alone" {
  command = plan

  assert {
    condition     = length(google_cloudfunctions2_function.stage) == 6
    error_message = "There are six functions."
  }

  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.stage : tonumber(trimsuffix(job.attempt_deadline, "s")) < 1800])
    error_message = "Cloud Scheduler waits less than 30 minutes."
  }

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.private : bucket.public_access_prevention == "enforced"])
    error_message = "No bucket may become public."
  }

  assert {
    condition     = google_bigquery_dataset.leadwerk.location == "europe-west6"
    error_message = "Data stays in Zürich unless said otherwise."
  }

  assert {
    condition     = length(google_billing_budget.project) == 0
    error_message = "No budget is set without a billing account."
  }
}

run "expires_rows_as_the_policy_says" {
  command = plan

  assert {
    condition     = google_bigquery_table.leadwerk["activity_daily"].time_partitioning[0].expiration_ms == yamldecode(file(var.policy_file)).retention.activity * 86400000
    error_message = "The policy's retention is the table's expiry."
  }
}

run "refuses_the_public" {
  command = plan

  variables {
    score_invokers = ["allUsers"]
  }

  expect_failures = [var.score_invokers]
}

run "refuses_an_unencrypted_crm" {
  command = plan

  variables {
    crm_url = "http://crm.example.ch"
  }

  expect_failures = [var.crm_url]
}

run "refuses_a_multi_region" {
  command = plan

  variables {
    region = "EU"
  }

  expect_failures = [var.region]
}

run "encrypts_everything_with_a_customer_key" {
  command = plan

  variables {
    kms_key_name = "projects/p/locations/europe-west6/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.private : bucket.encryption[0].default_kms_key_name == var.kms_key_name])
    error_message = "Buckets take the customer's key."
  }

  assert {
    condition     = google_bigquery_dataset.leadwerk.default_encryption_configuration[0].kms_key_name == var.kms_key_name
    error_message = "The dataset takes the customer's key."
  }
}

run "lets_publishers_write_the_policy_and_what_they_decide" {
  command = plan

  variables {
    policy_publishers = ["user:ada@example.ch"]
  }

  assert {
    condition     = google_storage_bucket_iam_member.policy_publisher["user:ada@example.ch"].role == "roles/storage.objectUser"
    error_message = "A publisher replaces the policy's object."
  }

  assert {
    condition     = toset([for grant in google_bigquery_table_iam_member.policy_publisher : grant.table_id]) == toset(["policy_changes", "suggestions", "threshold_holds"])
    error_message = "A publisher writes changes and decisions, and no other table."
  }

  assert {
    condition     = google_storage_bucket_object.policy.name == "policy.yaml"
    error_message = "The policy keeps its place when its content changes: archive and drafts lie beside it."
  }
}

run "refuses_the_public_as_publisher" {
  command = plan

  variables {
    policy_publishers = ["allUsers"]
  }

  expect_failures = [var.policy_publishers]
}
