# Variables: of the bootstrap, as in the deployment's own.
variable "project_id" {
  description = "Google Cloud project that Leadwerk is deployed in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6-30 lower-case letters, digits and hyphens), not its name or number."
  }
}

variable "region" {
  description = "Region of the bucket that holds the state."
  type        = string
  default     = "europe-west6"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a single region such as europe-west6."
  }
}

variable "deployers" {
  description = "Who may apply, as IAM members: people, groups, or the CI's account. They impersonate the deployer."
  type        = set(string)

  validation {
    condition     = length(var.deployers) > 0 && alltrue([for member in var.deployers : can(regex("^(serviceAccount|user|group|principalSet):", member))])
    error_message = "deployers are members such as user:ada@example.ch, at least one."
  }
}

variable "github_repository" {
  description = "Repository of GitHub, owner/name, whose environment `production` may act as the deployer; null lets none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be owner/name, such as example/leadwerk."
  }
}
