# Services: every API that the deployment calls or its functions do. All resources wait for them (a test checks it), since a new
# project has next to none of them switched on.
resource "google_project_service" "required" {
  for_each = toset(concat([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "bigqueryconnection.googleapis.com",
    "bigquerystorage.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    ],
    var.kms_key_name == null ? [] : ["cloudkms.googleapis.com"],
    var.people_file == null ? [] : ["iap.googleapis.com"],
    length(var.touchpoint_publishers) == 0 ? [] : ["pubsub.googleapis.com"],
    var.ga4_copied_from == null && var.snapshot_days == null ? [] : ["bigquerydatatransfer.googleapis.com"],
    var.vpc_connector == null ? [] : ["vpcaccess.googleapis.com"],
  ))

  service            = each.key
  disable_on_destroy = false
}

# The project's number, where Google takes nothing else: in a budget, in the names of its service agents, in the proxy's audience
# and in the address that Pub/Sub pushes to.
data "google_project" "this" {
  for_each = var.kms_key_name == null && var.monthly_budget == null && var.people_file == null && length(var.touchpoint_publishers) == 0 ? toset([]) : toset([var.project_id])

  project_id = each.key

  depends_on = [google_project_service.required]
}
