output "score_url" {
  description = "Where the web site or the CRM asks for a score; call it with an identity token whose audience is this URL."
  value       = google_cloudfunctions2_function.stage["score"].service_config[0].uri
}

output "desk_url" {
  description = "Where the report is read and the sellers' desk answers."
  value       = google_cloudfunctions2_function.stage["desk"].service_config[0].uri
}

output "function_urls" {
  description = "Every function, for a stage by hand."
  value       = { for name, function in google_cloudfunctions2_function.stage : name => function.service_config[0].uri }
}

output "next_steps" {
  description = "What a person does after the first apply."
  value       = <<-EOT
    1. printf %s "$CRM_TOKEN" | gcloud secrets versions add ${google_secret_manager_secret.value["crm_token"].secret_id} --data-file=-
    2. openssl rand -hex 32 | tr -d '\n' | gcloud secrets versions add ${google_secret_manager_secret.value["person_key"].secret_id} --data-file=-
    3. gcloud scheduler jobs run leadwerk-extract-nightly --location=${var.region}   (the first run reads every exported day)
    4. gcloud scheduler jobs run leadwerk-ingest-nightly --location=${var.region}
    5. gcloud scheduler jobs run leadwerk-retrain-weekly --location=${var.region}
    6. terraform apply   (without schedules_paused: the schedules run from now on)
    Each of 3 to 5 when the one before says: gcloud logging read 'jsonPayload.event="stage_finished"' --limit=1 --project=${var.project_id}
  EOT
}
