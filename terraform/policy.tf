# The business rules as one object. Its name carries the content's hash, and the functions' settings carry its name: after
# an edit, apply makes new revisions, so that no instance goes on under the old rules; nothing is built again.
resource "google_storage_bucket_object" "policy" {
  bucket       = google_storage_bucket.private["policy"].name
  name         = "policy-${substr(filesha256(var.policy_file), 0, 12)}.yaml"
  content      = file(var.policy_file)
  content_type = "application/yaml"
}
