# Egress (optional): a fixed address for what the functions call, and a way into a network of yours, for a CRM that admits known
# addresses only or lies behind a VPN. Applied before the deployment, which takes its output vpc_connector.
terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = { application = "leadwerk" }
}

resource "google_project_service" "required" {
  for_each = toset(["compute.googleapis.com", "vpcaccess.googleapis.com"])

  service            = each.key
  disable_on_destroy = false
}

# The CRM's firewall knows this address, so nothing that Terraform does may change it.
resource "google_compute_address" "crm" {
  name        = "leadwerk-egress"
  description = "Leadwerk's functions call the CRM from here."
  region      = var.region

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.required]
}

resource "google_compute_router" "crm" {
  name    = "leadwerk-egress"
  region  = var.region
  network = var.network

  depends_on = [google_project_service.required]
}

resource "google_compute_router_nat" "crm" {
  name                               = "leadwerk-egress"
  router                             = google_compute_router.crm.name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.crm.self_link]
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

resource "google_vpc_access_connector" "crm" {
  name          = "leadwerk-egress"
  region        = var.region
  network       = var.network
  ip_cidr_range = var.range
  min_instances = 2
  max_instances = 3

  depends_on = [google_project_service.required]
}
