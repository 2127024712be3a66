# The business rules as one object: an apply after an edit replaces the object, and running functions pick it up.
resource "google_storage_bucket_object" "policy" {
  bucket       = google_storage_bucket.private["policy"].name
  name         = "policy.yaml"
  content      = file(var.policy_file)
  content_type = "application/yaml"
}
