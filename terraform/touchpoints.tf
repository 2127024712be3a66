# Touchpoints: events that other systems publish (a call that ended, a meeting), pushed to ingest_feedback as they happen.
# What is refused twenty times goes to a topic of its own, and an alert says so. Nothing is made without publishers.
locals {
  pushes          = length(var.touchpoint_publishers) > 0 ? toset(["touchpoints"]) : toset([])
  refused_topic   = "leadwerk-touchpoints-refused"
  pubsub_accounts = { for name in local.pushes : name => "serviceAccount:service-${data.google_project.this[var.project_id].number}@gcp-sa-pubsub.iam.gserviceaccount.com" }

  # Cloud Run's address that is known before the service is made: the function verifies tokens for it, and a setting
  # of the function cannot be the address that Google returns for it.
  push_audience = { for name in local.pushes : name => "https://${local.service_names["ingest_feedback"]}-${data.google_project.this[var.project_id].number}.${var.region}.run.app" }
  push_settings = merge([
    for name in local.pushes : {
      LEADWERK_PUSH_AUDIENCE = local.push_audience[name]
      LEADWERK_PUSH_ACCOUNT  = google_service_account.pusher[name].email
    }
  ]...)
}

resource "google_service_account" "pusher" {
  for_each = local.pushes

  account_id   = "leadwerk-pusher"
  display_name = "Leadwerk pushes of touchpoints"
  description  = "Pub/Sub pushes in its name to ingest_feedback, and nothing else."

  depends_on = [google_project_service.required]
}

resource "google_cloud_run_v2_service_iam_member" "pusher" {
  for_each = local.pushes

  location = var.region
  name     = google_cloudfunctions2_function.stage["ingest_feedback"].name
  role     = "roles/run.invoker"
  member   = google_service_account.pusher[each.key].member
}

resource "google_pubsub_topic" "touchpoints" {
  #checkov:skip=CKV_GCP_83:Messages stay a week at most, and take the customer's key where kms_key_name is set.
  for_each = local.pushes

  name         = "leadwerk-touchpoints"
  kms_key_name = var.kms_key_name

  # Messages name persons: they are stored in the region only.
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

resource "google_pubsub_topic" "refused" {
  #checkov:skip=CKV_GCP_83:Messages stay a week at most, and take the customer's key where kms_key_name is set.
  for_each = local.pushes

  name         = local.refused_topic
  kms_key_name = var.kms_key_name

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.required]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = var.touchpoint_publishers

  topic  = google_pubsub_topic.touchpoints["touchpoints"].name
  role   = "roles/pubsub.publisher"
  member = each.key
}

resource "google_pubsub_subscription" "touchpoints" {
  for_each = local.pushes

  name                       = "leadwerk-touchpoints"
  topic                      = google_pubsub_topic.touchpoints[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = "${local.push_audience[each.key]}/pubsub"

    oidc_token {
      service_account_email = google_service_account.pusher[each.key].email
      audience              = local.push_audience[each.key]
    }
  }

  # ingest_feedback answers one request at a time, and 429 while it reads the CRM, for up to 25 minutes: with these waits
  # twenty attempts take two hours and more.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.refused[each.key].id
    max_delivery_attempts = 20
  }

  # Never: a subscription without messages for a month would else be deleted.
  expiration_policy {
    ttl = ""
  }

  depends_on = [google_cloud_run_v2_service_iam_member.pusher]
}

resource "google_pubsub_subscription" "refused" {
  for_each = local.pushes

  name                       = local.refused_topic
  topic                      = google_pubsub_topic.refused[each.key].id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves a refused message: it takes it from the one and publishes it to the other.
resource "google_pubsub_topic_iam_member" "mover" {
  for_each = local.pubsub_accounts

  topic  = google_pubsub_topic.refused[each.key].name
  role   = "roles/pubsub.publisher"
  member = each.value
}

resource "google_pubsub_subscription_iam_member" "mover" {
  for_each = local.pubsub_accounts

  subscription = google_pubsub_subscription.touchpoints[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = each.value
}
