# Functions: the size of each, what it may read and write (identities.tf turns that into roles, one table and one secret at a
# time), and which stage of the loop it runs.
locals {
  service_names = { for name in keys(local.functions) : name => "leadwerk-${replace(name, "_", "-")}" }
  # Requests that an instance of score answers at once; functions-framework takes its number of threads from THREADS.
  concurrency = 8

  functions = {
    extract_features = {
      description = "GA4 export to activity tables, by day."
      memory      = "1Gi"
      timeout     = 1500
      instances   = 1
      writes      = ["activity_events", "activity_daily", "extract_runs", "identities"]
      reads_ga4   = true
      models      = null
      reports     = null
      secrets     = ["person_key"]
    }
    ingest_feedback = {
      description = "Changed cases of the CRM to leads, outcomes and touchpoints."
      memory      = "512Mi"
      timeout     = 1500
      instances   = 1
      writes      = ["leads", "identities", "outcomes", "touchpoints", "cursors", "rejections", "deliveries", "audit_seals"]
      reads_ga4   = false
      models      = null
      reports     = null
      secrets     = ["crm_token", "person_key"]
    }
    retrain = {
      description = "Matured labels to a new model version, and the gate that may make it champion."
      memory      = "8Gi"
      timeout     = 1700
      instances   = 1
      writes      = ["model_runs"]
      reads_ga4   = false
      models      = "roles/storage.objectUser"
      reports     = null
      secrets     = []
    }
    score = {
      description = "Score of a lead on demand, of the open leads daily, and of the whole base from SQL."
      memory      = "1Gi"
      timeout     = 1500
      instances   = var.score_max_instances
      writes      = ["scores", "stage_changes", "leads", "identities", "deliveries"]
      reads_ga4   = false
      models      = "roles/storage.objectViewer"
      reports     = null
      secrets     = ["crm_token", "person_key"]
    }
    deliver_scores = {
      description = "Pending scores to the CRM, through the outbox."
      memory      = "512Mi"
      timeout     = 300
      instances   = 1
      writes      = ["deliveries"]
      reads_ga4   = false
      models      = null
      reports     = null
      secrets     = ["crm_token"]
    }
    desk = {
      description = "The sellers' API: list, picks, overrides, histories, accounts; the thresholds of the day; the report."
      memory      = "1Gi"
      timeout     = 900
      instances   = 5
      writes      = ["thresholds", "picks", "overrides", "verdicts", "scores", "stage_changes"]
      reads_ga4   = false
      models      = "roles/storage.objectViewer"
      reports     = "roles/storage.objectUser"
      secrets     = []
    }
  }

  environment = {
    LEADWERK_ENGINE      = "bigquery"
    LEADWERK_PROJECT     = var.project_id
    LEADWERK_LOCATION    = local.data_location
    LEADWERK_DATASET     = google_bigquery_dataset.leadwerk.dataset_id
    LEADWERK_GA4_DATASET = "${local.ga4_project}.${var.ga4_dataset_id}"
    LEADWERK_POLICY      = "gs://${google_storage_bucket.private["policy"].name}/${google_storage_bucket_object.policy.name}"
    LEADWERK_REGISTRY    = "gs://${google_storage_bucket.private["models"].name}/models"
    LEADWERK_REPORTS     = "gs://${google_storage_bucket.private["reports"].name}"
    LEADWERK_PICKS       = "gs://${google_storage_bucket.private["picks"].name}"
    LEADWERK_CRM_URL     = var.crm_url

    LEADWERK_CRM_PER_SECOND = tostring(var.crm_per_second)
  }
}

resource "google_cloudfunctions2_function" "stage" {
  #checkov:skip=CKV_GCP_124:Callers (web site, CRM, BigQuery, Scheduler) come from outside the VPC; IAM guards every door, and a test holds that nobody is public.
  for_each = local.functions

  name         = local.service_names[each.key]
  location     = var.region
  description  = each.value.description
  kms_key_name = var.kms_key_name
  labels       = local.labels

  build_config {
    runtime         = "python311"
    entry_point     = each.key
    service_account = google_service_account.builder.id
    # Functions with a key of the customer's are built into a repository with the same key.
    docker_repository = one([for repository in google_artifact_registry_repository.images : repository.id])

    source {
      storage_source {
        bucket = google_storage_bucket.private["sources"].name
        object = google_storage_bucket_object.bundle[each.key].name
      }
    }
  }

  service_config {
    available_memory                 = each.value.memory
    available_cpu                    = each.key == "retrain" ? "4" : "1"
    timeout_seconds                  = each.value.timeout
    min_instance_count               = each.key == "score" ? var.score_min_instances : 0
    max_instance_count               = each.value.instances
    max_instance_request_concurrency = each.key == "score" ? local.concurrency : 1
    ingress_settings                 = "ALLOW_ALL" # IAM guards every door: callers are the web site, the CRM and BigQuery
    all_traffic_on_latest_revision   = true
    service_account_email            = google_service_account.function[each.key].email
    environment_variables = merge(local.environment, each.key == "score" ? { THREADS = tostring(local.concurrency) } : {}, {
      for secret in each.value.secrets : "LEADWERK_${upper(secret)}_FILE" => "${local.secret_folders[secret]}/latest"
    })

    vpc_connector                 = contains(each.value.secrets, "crm_token") ? var.vpc_connector : null
    vpc_connector_egress_settings = contains(each.value.secrets, "crm_token") && var.vpc_connector != null ? "ALL_TRAFFIC" : null

    # A file is read from Secret Manager whenever it is opened; an environment variable would keep what it was at the start.
    dynamic "secret_volumes" {
      for_each = each.value.secrets

      content {
        mount_path = local.secret_folders[secret_volumes.value]
        project_id = var.project_id
        secret     = google_secret_manager_secret.value[secret_volumes.value].secret_id

        versions {
          version = "latest"
          path    = "latest"
        }
      }
    }
  }

  depends_on = [
    data.google_secret_manager_secret_version.newest,
    terraform_data.foundation,
  ]
}
