# Remote function: SELECT leadwerk.score(TO_JSON_STRING(features)) FROM (lead_features) AS features scores in SQL. BigQuery
# fans the rows out over the instances of score; docs/scale.md has the statement for the whole base and its cost.
resource "google_bigquery_connection" "score" {
  connection_id = "leadwerk-score"
  location      = local.data_location
  description   = "Calls the score function for leadwerk.score()."

  cloud_resource {}

  depends_on = [google_project_service.required]
}

resource "google_cloud_run_v2_service_iam_member" "connection" {
  location = var.region
  name     = google_cloudfunctions2_function.stage["score"].name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${google_bigquery_connection.score.cloud_resource[0].service_account_id}"
}

resource "google_bigquery_routine" "score" {
  dataset_id      = google_bigquery_dataset.leadwerk.dataset_id
  routine_id      = "score"
  routine_type    = "SCALAR_FUNCTION"
  description     = "Score of one lead as JSON; the argument is the JSON of its row of lead_features. Nothing is looked up or stored."
  definition_body = ""
  return_type     = jsonencode({ typeKind = "STRING" })

  arguments {
    name      = "features"
    data_type = jsonencode({ typeKind = "STRING" })
  }

  remote_function_options {
    connection        = google_bigquery_connection.score.name
    endpoint          = google_cloudfunctions2_function.stage["score"].service_config[0].uri
    max_batching_rows = "1000"
  }
}
