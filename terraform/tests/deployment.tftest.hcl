# Runs without credentials: `terraform init && terraform test`. The provider is mocked, its schema is the real one.

mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://function.example.run.app" }
    }
  }

  mock_data "google_bigquery_dataset" {
    defaults = { location = "europe-west6", default_table_expiration_ms = 0 }
  }
}

variables {
  alert_emails   = ["revops@example.ch"]
  project_id     = "test-project"
  ga4_dataset_id = "analytics_1"
  policy_file    = "../shared/leadwerk/policy/defaults/mortgage.yaml"
  crm_url        = "https://crm.example.ch"
}

run "plans_with_the_required_variables_alone" {
  command = plan

  variables {
    alert_emails = []
  }

  expect_failures = [check.alerts_reach_somebody]

  assert {
    condition     = length(google_cloudfunctions2_function.stage) == 7
    error_message = "There are seven functions."
  }

  assert {
    condition     = length(google_cloud_run_v2_service.pages) == 0 && !contains(keys(google_project_service.required), "iap.googleapis.com")
    error_message = "Without people there are no pages."
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
    condition     = length(google_pubsub_topic.touchpoints) == 0 && !contains(keys(google_cloud_scheduler_job.stage), "workflows") && !contains(keys(google_secret_manager_secret.value), "channels")
    error_message = "Touchpoints and workflows cost nothing where nobody asks for them."
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

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.value : secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key_name])
    error_message = "Secrets take the customer's key."
  }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.stage : function.kms_key_name == var.kms_key_name]) && google_artifact_registry_repository.images.kms_key_name == var.kms_key_name
    error_message = "Functions take the customer's key, and so does the repository that they are built into."
  }

  assert {
    condition     = length(google_kms_crypto_key_iam_member.agent) == 6 && alltrue([for grant in google_kms_crypto_key_iam_member.agent : grant.role == "roles/cloudkms.cryptoKeyEncrypterDecrypter" && grant.crypto_key_id == var.kms_key_name])
    error_message = "Google's service agents may use the key."
  }

  assert {
    condition     = contains(keys(google_project_service.required), "cloudkms.googleapis.com")
    error_message = "The key's service is on."
  }
}

run "sets_a_budget_where_one_is_named" {
  command = plan

  variables {
    monthly_budget = { billing_account = "012345-6789AB-CDEF01", amount = 100 }
    alert_emails   = ["a@example.ch", "b@example.ch", "c@example.ch", "d@example.ch", "e@example.ch", "f@example.ch"]
  }

  assert {
    condition     = length(google_billing_budget.project["this"].all_updates_rule[0].monitoring_notification_channels) == 5
    error_message = "A budget mails to five addresses at most."
  }

  assert {
    condition     = google_billing_budget.project["this"].amount[0].specified_amount[0].units == "100"
    error_message = "The budget is what was asked for."
  }

  assert {
    condition     = [for rule in google_billing_budget.project["this"].threshold_rules : rule.threshold_percent] == [0.5, 0.9, 1]
    error_message = "It warns at half, nine tenths and all of it."
  }
}

run "sets_a_budget_without_addresses" {
  command = plan

  variables {
    monthly_budget = { billing_account = "012345-6789AB-CDEF01", amount = 100 }
    alert_emails   = []
  }

  expect_failures = [check.alerts_reach_somebody]

  assert {
    condition     = length(google_billing_budget.project["this"].all_updates_rule) == 0
    error_message = "Without addresses there is no rule, for Google refuses an empty one."
  }
}

run "rests_the_alerts_that_wait_for_a_run_with_the_schedules" {
  command = plan

  variables {
    schedules_paused = true
  }

  assert {
    condition     = [for name, alert in google_monitoring_alert_policy.stage : name if !alert.enabled] == ["deliver_late", "extract_late", "ingest_late", "rescore_late", "retrain_late", "threshold_late"]
    error_message = "Only the alerts that wait for a run rest."
  }

  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.stage : job.paused])
    error_message = "All schedules rest."
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

run "reads_an_export_of_another_project" {
  command = plan

  variables {
    ga4_project_id = "analytics-project"
  }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.stage : function.service_config[0].environment_variables.LEADWERK_GA4_DATASET == "analytics-project.analytics_1"])
    error_message = "The functions read the export where it lies."
  }

  assert {
    condition     = alltrue([for grant in google_bigquery_dataset_iam_member.ga4_reader : grant.project == "analytics-project"])
    error_message = "They may read it there."
  }

  assert {
    condition     = length(google_bigquery_data_transfer_config.ga4_copy) == 0
    error_message = "Nothing is copied unless asked for."
  }
}

run "warns_of_an_export_in_another_location" {
  command = plan

  variables {
    region = "europe-west1"
  }

  expect_failures = [check.ga4_export]
}

run "copies_an_export_of_another_location" {
  command = plan

  variables {
    ga4_copied_from = { project_id = "analytics-project", dataset_id = "analytics_9" }
  }

  assert {
    condition     = google_bigquery_data_transfer_config.ga4_copy["ga4"].params == tomap({ source_project_id = "analytics-project", source_dataset_id = "analytics_9", overwrite_destination_table = "true" })
    error_message = "The copy is of that export."
  }

  assert {
    condition     = google_bigquery_dataset.ga4_copy["ga4"].location == "europe-west6" && google_bigquery_dataset.ga4_copy["ga4"].dataset_id == "analytics_1"
    error_message = "The copy lies where Leadwerk's tables do, under the name that the functions read."
  }

  assert {
    condition     = google_bigquery_dataset_iam_member.ga4_copier_reads["ga4"].project == "analytics-project" && google_bigquery_dataset_iam_member.ga4_copier_reads["ga4"].role == "roles/bigquery.dataViewer"
    error_message = "The copier reads the export, and writes nothing there."
  }

  assert {
    condition     = contains(keys(google_project_service.required), "bigquerydatatransfer.googleapis.com")
    error_message = "The transfer's service is on."
  }
}

run "calls_the_crm_through_a_connector" {
  command = plan

  variables {
    vpc_connector = "projects/p/locations/europe-west6/connectors/crm"
  }

  assert {
    condition     = toset([for name, function in google_cloudfunctions2_function.stage : name if function.service_config[0].vpc_connector == var.vpc_connector]) == toset(["deliver_scores", "ingest_feedback", "score"])
    error_message = "What calls the CRM calls it through the connector, and nothing else does."
  }
}

run "takes_snapshots_of_what_cannot_be_made_again" {
  command = plan

  variables {
    snapshot_days = 14
  }

  assert {
    condition     = google_bigquery_dataset.snapshots["nightly"].default_table_expiration_ms == 14 * 86400000 && google_bigquery_dataset.snapshots["nightly"].location == "europe-west6"
    error_message = "Snapshots expire, and lie where the tables do."
  }

  assert {
    condition     = alltrue([for name in ["leads", "outcomes", "scores", "audit_log"] : strcontains(google_bigquery_data_transfer_config.snapshots["nightly"].params.query, "\"${name}\"")]) && !strcontains(google_bigquery_data_transfer_config.snapshots["nightly"].params.query, "activity_events")
    error_message = "What happened once is in them, and what the export can build again is not."
  }

  assert {
    condition     = strcontains(google_bigquery_data_transfer_config.snapshots["nightly"].params.query, "CREATE SNAPSHOT TABLE IF NOT EXISTS `test-project.leadwerk_snapshots.%s_%s` CLONE `test-project.leadwerk.%s`")
    error_message = "The script names project and datasets, and leaves the rest to FORMAT."
  }
}

run "pushes_touchpoints_that_others_publish" {
  command = plan

  variables {
    touchpoint_publishers = ["serviceAccount:telephone@p.iam.gserviceaccount.com"]
    kms_key_name          = "projects/p/locations/europe-west6/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = google_pubsub_topic_iam_member.publisher["serviceAccount:telephone@p.iam.gserviceaccount.com"].topic == "leadwerk-touchpoints" && contains(keys(google_project_service.required), "pubsub.googleapis.com")
    error_message = "Who is named publishes to the topic."
  }

  assert {
    condition     = google_pubsub_subscription.touchpoints["touchpoints"].dead_letter_policy[0].max_delivery_attempts == 20 && google_pubsub_subscription.touchpoints["touchpoints"].expiration_policy[0].ttl == ""
    error_message = "What is refused lands in a topic of its own, and the subscription stays."
  }

  assert {
    condition     = length(google_kms_crypto_key_iam_member.agent) == 7 && google_pubsub_topic.touchpoints["touchpoints"].kms_key_name == var.kms_key_name
    error_message = "Pub/Sub takes the customer's key, and may use it."
  }

  assert {
    condition     = contains(keys(google_monitoring_alert_policy.stage), "touchpoints_refused")
    error_message = "An alert tells of what was refused."
  }
}

run "takes_webhooks_of_the_crm_through_a_gateway" {
  command = plan

  variables {
    crm_webhooks        = true
    crm_webhook_url     = "https://hooks.example.ch/crm"
    crm_webhook_callers = ["serviceAccount:gateway@p.iam.gserviceaccount.com"]
  }

  assert {
    condition     = google_cloudfunctions2_function.stage["ingest_feedback"].service_config[0].environment_variables.LEADWERK_WEBHOOK_URL == var.crm_webhook_url && google_cloudfunctions2_function.stage["ingest_feedback"].service_config[0].environment_variables.LEADWERK_CRM_WEBHOOK_SECRET_FILE == "/etc/secrets/crm_webhook_secret/latest"
    error_message = "The function knows the address that the CRM signs, and the proof."
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.crm_webhook_caller["serviceAccount:gateway@p.iam.gserviceaccount.com"].name == "leadwerk-ingest-feedback"
    error_message = "The gateway may call it."
  }
}

run "carries_out_workflows_where_they_are_asked_for" {
  command = plan

  variables {
    workflows   = true
    people_file = "examples/people.yaml"
  }

  assert {
    condition     = base64decode(google_cloud_scheduler_job.stage["workflows"].http_target[0].body) == jsonencode({ workflows = true })
    error_message = "The schedule asks for workflows."
  }

  assert {
    condition     = google_cloudfunctions2_function.stage["deliver_scores"].service_config[0].environment_variables.LEADWERK_CHANNELS_FILE == "/etc/secrets/channels/latest" && google_cloudfunctions2_function.stage["deliver_scores"].service_config[0].environment_variables.LEADWERK_PEOPLE == "gs://test-project-leadwerk-policy/people.yaml"
    error_message = "The function knows the channels' addresses and the people."
  }

  assert {
    condition     = toset([for pair in keys(google_bigquery_table_iam_member.writer) : pair if startswith(pair, "deliver_scores.")]) == toset(["deliver_scores.cursors", "deliver_scores.deliveries", "deliver_scores.workflow_actions"])
    error_message = "It records what it carried out."
  }
}

run "keeps_the_logs_under_the_customers_key" {
  command = plan

  variables {
    kms_key_name = "projects/p/locations/europe-west6/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = google_logging_project_bucket_config.functions.cmek_settings[0].kms_key_name == var.kms_key_name && length(google_kms_crypto_key_iam_member.logging) == 1
    error_message = "The bucket of the logs takes the customer's key, and Logging may use it."
  }
}

run "takes_any_crm_with_its_own_secrets" {
  command = plan

  variables {
    crm          = "salesforce"
    crm_oauth    = { token_url = "https://login.example.ch/token", client_id = "leadwerk" }
    crm_lead_url = "https://crm.example.ch/{lead_id}"
    crm_webhooks = true
  }

  assert {
    condition     = toset(keys(google_secret_manager_secret.value)) == toset(["crm_client_secret", "crm_webhook_secret", "person_key"])
    error_message = "An OAuth client has a secret in place of a token."
  }

  assert {
    condition     = alltrue([for name in ["deliver_scores", "ingest_feedback", "score"] : google_cloudfunctions2_function.stage[name].service_config[0].environment_variables.LEADWERK_CRM_CLIENT_SECRET_FILE == "/etc/secrets/crm_client_secret/latest"])
    error_message = "What calls the CRM reads the secret."
  }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.stage : function.service_config[0].environment_variables.LEADWERK_CRM == "salesforce" && function.service_config[0].environment_variables.LEADWERK_CRM_TOKEN_URL == var.crm_oauth.token_url && !contains(keys(function.service_config[0].environment_variables), "LEADWERK_CRM_DATABASE")])
    error_message = "The functions know the CRM, and nothing is set that it does not have."
  }
}

run "shows_the_desk_to_people_behind_the_proxy" {
  command = plan

  variables {
    people_file  = "examples/people.yaml"
    desk_readers = ["group:sales@example.ch"]
  }

  assert {
    condition     = google_iap_web_cloud_run_service_iam_member.desk_reader["group:sales@example.ch"].role == "roles/iap.httpsResourceAccessor"
    error_message = "People pass the proxy."
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.desk_program) == 0 && length(google_cloud_run_v2_service_iam_member.proxy) == 1
    error_message = "Nobody calls past the proxy."
  }

  assert {
    condition     = google_storage_bucket_object.people["desk"].name == "people.yaml" && contains(keys(google_project_service.required), "iap.googleapis.com")
    error_message = "Who may do what lies where the pages look."
  }
}
