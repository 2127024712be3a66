# Variables: of the egress, as in the deployment's own.
variable "project_id" {
  description = "Google Cloud project that Leadwerk is deployed in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6-30 lower-case letters, digits and hyphens), not its name or number."
  }
}

variable "region" {
  description = "Region of the deployment: a connector serves functions of its own region only."
  type        = string
  default     = "europe-west6"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a single region such as europe-west6."
  }
}

variable "network" {
  description = "Network that the functions call from: the one with the VPN to the CRM, or any other of the project. It must have no NAT of its own for all subnets in this region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.network))
    error_message = "network must be the name of a network of this project, such as default."
  }
}

variable "range" {
  description = "Free /28 of that network, which the connector takes."
  type        = string
  default     = "10.8.0.0/28"

  validation {
    condition     = can(cidrhost(var.range, 0)) && endswith(var.range, "/28")
    error_message = "range must be a /28 such as 10.8.0.0/28: a connector takes no other size."
  }
}
