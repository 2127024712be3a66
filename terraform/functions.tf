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
      crm         = false
    }
    ingest_feedback = {
      description = "Changed cases of the CRM to leads, outcomes and touchpoints; missing facts of companies."
      memory      = "512Mi"
      timeout     = 1500
      instances   = 1
      writes      = ["leads", "identities", "outcomes", "touchpoints", "cursors", "rejections", "deliveries", "audit_seals", "company_answers"]
      reads_ga4   = false
      models      = null
      reports     = null
      secrets     = concat(["person_key"], keys(local.enrichment_secrets))
      crm         = true
    }
    retrain = {
      description = "Matured labels to a new model version, and the gate that may make it champion."
      memory      = "8Gi"
      timeout     = 1700
      instances   = 1
      writes      = ["model_runs", "drift_checks"]
      reads_ga4   = false
      models      = "roles/storage.objectUser"
      reports     = null
      secrets     = []
      crm         = false
    }
    score = {
      description = "Score of a lead on demand, of the open leads daily, and of the whole base from SQL."
      memory      = "1Gi"
      timeout     = 1500
      instances   = var.score_max_instances
      writes      = ["scores", "stage_changes", "leads", "identities", "deliveries", "cursors"]
      reads_ga4   = false
      models      = "roles/storage.objectViewer"
      reports     = null
      secrets     = ["person_key"]
      crm         = true
    }
    deliver_scores = {
      description = "Pending scores to the CRM, through the outbox; workflows."
      memory      = "512Mi"
      timeout     = 300
      instances   = 1
      writes      = concat(["deliveries"], var.workflows ? ["workflow_actions", "cursors"] : [])
      reads_ga4   = false
      models      = null
      reports     = null
      secrets     = var.workflows ? ["channels"] : []
      crm         = true
    }
    desk = {
      description = "The sellers' API for programs: list, picks, overrides, histories, accounts; thresholds and KPIs of the day; the report."
      memory      = "1Gi"
      timeout     = 900
      instances   = 2
      writes      = ["thresholds", "kpis_daily", "picks", "overrides", "verdicts", "lead_reads", "scores", "stage_changes"]
      reads_ga4   = false
      models      = "roles/storage.objectViewer"
      reports     = "roles/storage.objectUser"
      secrets     = []
      crm         = false
    }
    privacy = {
      description = "Erasure, objection and access for persons; each night what is left of erased persons."
      memory      = "1Gi"
      timeout     = 1500
      instances   = 1
      writes      = concat(["anonymous_counts", "audit_log", "erased_ids", "erasures"], local.tables_of_persons)
      reads_ga4   = false
      models      = "roles/storage.objectUser"
      reports     = "roles/storage.objectUser"
      secrets     = ["person_key"]
      crm         = false
    }
  }

  # Tables whose rows belong to a person: an erasure reaches each of them.
  tables_of_persons = sort([for name, table in local.schemas : name if can(table.privacy.subject)])

  # What reads the CRM's secrets: the client secret where there is an OAuth client, otherwise the token.
  function_secrets = { for name, function in local.functions : name => concat(function.secrets, function.crm ? keys(local.crm_secrets) : []) }

  environment = {
    LEADWERK_ENGINE      = "bigquery"
    LEADWERK_PROJECT     = var.project_id
    LEADWERK_LOCATION    = local.data_location
    LEADWERK_DATASET     = google_bigquery_dataset.leadwerk.dataset_id
    LEADWERK_GA4_DATASET = "${local.ga4_project}.${var.ga4_dataset_id}"
    LEADWERK_POLICY      = "gs://${google_storage_bucket.private["policy"].name}/${google_storage_bucket_object.policy.name}"
    LEADWERK_REGISTRY    = "gs://${google_storage_bucket.private["models"].name}/models"
    LEADWERK_REPORTS     = "gs://${google_storage_bucket.private["reports"].name}"
    LEADWERK_QUERY_GIB   = tostring(var.query_gib)
    LEADWERK_PICKS       = "gs://${google_storage_bucket.private["picks"].name}"

    LEADWERK_CALLS_PER_MINUTE = tostring(var.calls_per_minute)
  }

  # What one function alone is told.
  own_environment = {
    score           = { THREADS = tostring(local.concurrency) }
    deliver_scores  = { for file in var.people_file[*] : "LEADWERK_PEOPLE" => local.people_place if var.workflows }
    ingest_feedback = merge(local.push_settings, local.enrichment_settings, { for url in var.crm_webhook_url[*] : "LEADWERK_WEBHOOK_URL" => url })
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
    runtime           = "python311"
    entry_point       = each.key
    service_account   = google_service_account.builder.id
    docker_repository = google_artifact_registry_repository.images.id

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
    environment_variables = merge(
      local.environment,
      local.crm_environment,
      lookup(local.crm_pace, each.key, {}),
      lookup(local.own_environment, each.key, {}),
      { for secret in local.function_secrets[each.key] : "LEADWERK_${upper(secret)}_FILE" => "${local.secret_folders[secret]}/latest" },
    )

    vpc_connector                 = each.value.crm ? var.vpc_connector : null
    vpc_connector_egress_settings = each.value.crm && var.vpc_connector != null ? "ALL_TRAFFIC" : null

    # A file is read from Secret Manager whenever it is opened; an environment variable would keep what it was at the start.
    dynamic "secret_volumes" {
      for_each = local.function_secrets[each.key]

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
