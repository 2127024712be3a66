# Notification: the addresses that alerts go to, and the budget of the project.
locals {
  channels = [for address in sort(var.alert_emails) : google_monitoring_notification_channel.email[address].id]
}

check "alerts_reach_somebody" {
  assert {
    condition     = length(var.alert_emails) > 0
    error_message = "alert_emails is empty: the alerts are made, but nobody learns of them."
  }
}

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

  # Google refuses a rule without channels, and one with more than five.
  dynamic "all_updates_rule" {
    for_each = length(var.alert_emails) > 0 ? ["channels"] : []

    content {
      monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
    }
  }
}
