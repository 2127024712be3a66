resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = "Leadwerk alerts to ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.required]
}

resource "google_billing_budget" "project" {
  for_each = var.monthly_budget == null ? {} : { this = var.monthly_budget }

  billing_account = each.value.billing_account
  display_name    = "Leadwerk in ${var.project_id}"

  budget_filter {
    projects = ["projects/${data.google_project.this[var.project_id].number}"]
  }

  amount {
    specified_amount {
      units = tostring(each.value.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  }
}
