# Outputs: what a person or another configuration needs next.
output "score_url" {
  description = "Where the web site or the CRM asks for a score; call it with an identity token whose audience is this URL."
  value       = google_cloudfunctions2_function.stage["score"].service_config[0].uri
}

output "desk_url" {
  description = "Where programs call the desk's JSON API."
  value       = google_cloudfunctions2_function.stage["desk"].service_config[0].uri
}

output "pages_url" {
  description = "Where people open the desk in a browser; null without people_file."
  value       = one([for service in google_cloud_run_v2_service.pages : service.uri])
}

output "function_urls" {
  description = "Every function, for a stage by hand."
  value       = { for name, function in google_cloudfunctions2_function.stage : name => function.service_config[0].uri }
}

locals {
  # Scheduler runs no job that is paused, so the first runs are calls of the functions themselves.
  call  = "curl --fail-with-body --max-time 1800 -H \"Authorization: Bearer $(gcloud auth print-identity-token)\" -H 'Content-Type: application/json' -d '{}'"
  first = { for name, function in google_cloudfunctions2_function.stage : name => "${local.call} ${function.service_config[0].uri}" }
}

output "next_steps" {
  description = "What a person does after the first apply; that person needs roles/run.invoker on these functions."
  value       = <<-EOT
    1. ${local.first["extract_features"]}
       (reads every exported day)
    2. ${local.first["ingest_feedback"]}
       (reads every case of the CRM)
    3. ${local.first["retrain"]}
       (trains the first model)
    4. terraform apply   (without schedules_paused: the schedules run from now on)
%{for service in google_cloud_run_v2_service.pages~}
    5. gcloud beta run services update ${service.name} --iap --region=${var.region} --project=${var.project_id}
       (switches identity-aware proxy on; without it the pages answer nobody. Repeat it after an apply that changed this service)
%{endfor~}
    Each of 1 to 3 when the one before has answered. Should a connection break, the function goes on; it is done when this says so:
    gcloud logging read 'jsonPayload.event="stage_finished"' --limit=1 --bucket=${google_logging_project_bucket_config.functions.bucket_id} --location=${var.region} --view=_AllLogs --project=${var.project_id}
  EOT
}
