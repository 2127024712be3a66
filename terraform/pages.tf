# Pages: what people open of the desk, as a Cloud Run service of its own behind identity-aware proxy. The proxy says who it is,
# people.yaml what the person may do. Schedules and programs call the function `desk`, which shows no page.
locals {
  pages        = { for file in var.people_file[*] : "desk" => file }
  pages_name   = "leadwerk-pages"
  pages_image  = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}/pages"
  people_place = "gs://${google_storage_bucket.private["policy"].name}/people.yaml"
  # Everything that a person does on a page; the same acts on the command line take policy_publishers.
  pages_write = ["picks", "overrides", "verdicts", "lead_reads", "scores", "stage_changes", "policy_changes", "suggestions", "threshold_holds", "deliveries", "audit_log"]
  pages_environment = merge(local.environment, local.crm_environment, {
    LEADWERK_ACCESS       = "iap"
    LEADWERK_IAP_AUDIENCE = try("/projects/${data.google_project.this[var.project_id].number}/locations/${var.region}/services/${local.pages_name}", "")
    LEADWERK_PEOPLE       = local.people_place
    THREADS               = tostring(local.concurrency)
  })
}

resource "google_service_account" "pages" {
  for_each = local.pages

  account_id   = "leadwerk-pages"
  display_name = "Leadwerk pages"
  description  = "Shows the desk to people, and stores what they decide."

  depends_on = [google_project_service.required]
}

# Read at each request: who is taken out of the file is out at once after an apply.
resource "google_storage_bucket_object" "people" {
  for_each = local.pages

  bucket       = google_storage_bucket.private["policy"].name
  name         = "people.yaml"
  content      = file(each.value)
  content_type = "application/yaml"
}

resource "google_cloud_run_v2_service" "pages" {
  for_each = local.pages

  name                = local.pages_name
  location            = var.region
  description         = "The desk in the browser."
  ingress             = "INGRESS_TRAFFIC_ALL" # the proxy and IAM guard the door
  deletion_protection = false                 # it holds nothing
  labels              = local.labels

  build_config {
    source_location       = "gs://${google_storage_bucket.private["sources"].name}/${google_storage_bucket_object.bundle[each.key].name}"
    function_target       = each.key
    image_uri             = local.pages_image
    service_account       = google_service_account.builder.id
    environment_variables = { GOOGLE_PYTHON_VERSION = "3.11.x" }
  }

  template {
    service_account                  = google_service_account.pages[each.key].email
    timeout                          = "300s"
    max_instance_request_concurrency = local.concurrency
    encryption_key                   = var.kms_key_name

    scaling {
      max_instance_count = 3
    }

    containers {
      image = local.pages_image

      resources {
        limits            = { cpu = "1", memory = "2Gi" }
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = local.pages_environment

        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }

  depends_on = [terraform_data.foundation]

  lifecycle {
    # Google writes the image that it built from the source here.
    ignore_changes = [template[0].containers[0].image]
  }
}

# The proxy calls the service in the name of whoever it let in. Without the proxy nobody passes: this is the only caller.
resource "google_cloud_run_v2_service_iam_member" "proxy" {
  for_each = local.pages

  location = var.region
  name     = google_cloud_run_v2_service.pages[each.key].name
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${data.google_project.this[var.project_id].number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_iap_web_cloud_run_service_iam_member" "desk_reader" {
  for_each = length(local.pages) > 0 ? var.desk_readers : toset([])

  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.pages["desk"].name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.key
}

resource "google_project_iam_member" "pages" {
  for_each = length(local.pages) > 0 ? toset(["roles/bigquery.jobUser", "roles/bigquery.readSessionUser"]) : toset([])

  project = var.project_id
  role    = each.key
  member  = google_service_account.pages["desk"].member
}

resource "google_bigquery_dataset_iam_member" "pages" {
  for_each = local.pages

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.pages[each.key].member
}

resource "google_bigquery_table_iam_member" "pages" {
  for_each = length(local.pages) > 0 ? toset(local.pages_write) : toset([])

  dataset_id = google_bigquery_dataset.leadwerk.dataset_id
  table_id   = google_bigquery_table.leadwerk[each.key].table_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.pages["desk"].member
}

# A manager publishes rules by a draft and its replay, which lie with the reports; an operator rolls a model back, a seller takes a lead.
resource "google_storage_bucket_iam_member" "pages" {
  for_each = toset(length(local.pages) > 0 ? ["policy", "models", "picks", "reports"] : [])

  bucket = google_storage_bucket.private[each.key].name
  role   = "roles/storage.objectUser"
  member = google_service_account.pages["desk"].member
}
