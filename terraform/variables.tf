variable "project_id" {
  description = "Google Cloud project that everything is created in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6-30 lower-case letters, digits and hyphens), not its name or number."
  }
}

variable "region" {
  description = "Region of functions, schedules, buckets and data. Personal data never leaves it."
  type        = string
  default     = "europe-west6"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a single region such as europe-west6; a multi-region (EU) cannot run functions."
  }
}

variable "data_location" {
  description = "BigQuery location. It must be the GA4 export's, which BigQuery cannot join across; null means region."
  type        = string
  default     = null
}

variable "dataset_id" {
  description = "BigQuery dataset of Leadwerk's own tables."
  type        = string
  default     = "leadwerk"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset_id))
    error_message = "dataset_id may hold letters, digits and underscores only."
  }
}

variable "ga4_dataset_id" {
  description = "BigQuery dataset into which GA4 exports: analytics_ and the property's number."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.ga4_dataset_id))
    error_message = "ga4_dataset_id is the dataset's bare name, such as analytics_123456789."
  }
}

variable "policy_file" {
  description = "Path of the policy (YAML) that Leadwerk begins with; later ones come by `leadwerk policy publish`. Expiry of tables follows this file."
  type        = string

  validation {
    condition     = fileexists(var.policy_file)
    error_message = "policy_file does not exist. Start from shared/leadwerk/policy/defaults/mortgage.yaml or b2b_swiss.yaml."
  }
}

variable "time_zone" {
  description = "Time zone of all schedules; take the policy's and the GA4 property's."
  type        = string
  default     = "Europe/Zurich"
}

variable "crm_url" {
  description = "Base URL of the CRM's API."
  type        = string

  validation {
    condition     = startswith(var.crm_url, "https://")
    error_message = "crm_url must begin with https://: lead data is never sent in the clear."
  }
}

variable "crm_per_second" {
  description = "Calls a second that the CRM's API takes from one client."
  type        = number
  default     = 10

  validation {
    condition     = var.crm_per_second > 0
    error_message = "crm_per_second must be above 0."
  }
}

variable "score_invokers" {
  description = "Who may ask for a score, as IAM members: the service account of the web site's backend or of the CRM. Never allUsers."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.score_invokers : can(regex("^(serviceAccount|user|group):", member))])
    error_message = "score_invokers are members such as serviceAccount:web@project.iam.gserviceaccount.com; nothing of Leadwerk is public."
  }
}

variable "desk_readers" {
  description = "Who may open the report and the sellers' desk, as IAM members."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.desk_readers : can(regex("^(serviceAccount|user|group):", member))])
    error_message = "desk_readers are members such as group:sales@example.ch; nothing of Leadwerk is public."
  }
}

variable "policy_publishers" {
  description = "Who may replay and publish the policy, and decide on suggested points, from the command line, as IAM members."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.policy_publishers : can(regex("^(serviceAccount|user|group):", member))])
    error_message = "policy_publishers are members such as user:ada@example.ch; nothing of Leadwerk is public."
  }
}

variable "alert_emails" {
  description = "Addresses that alerts go to."
  type        = set(string)
  default     = []
}

variable "monthly_budget" {
  description = "Budget alert of the project in whole units of the billing account's currency; null sets none."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null
}

variable "kms_key_name" {
  description = "Customer-managed key for data, models and functions; null leaves Google's own. Its service agents need cryptoKeyEncrypterDecrypter beforehand."
  type        = string
  default     = null
}

variable "score_min_instances" {
  description = "Instances of the score function kept warm: 0 costs nothing, 1 answers the first form of the morning at once."
  type        = number
  default     = 0

  validation {
    condition     = var.score_min_instances >= 0 && var.score_min_instances <= 10
    error_message = "score_min_instances must be between 0 and 10."
  }
}

variable "deletion_protection" {
  description = "Whether tables and buckets with data refuse to be destroyed. Set to false, apply, then destroy to tear everything down."
  type        = bool
  default     = true
}

variable "schedules_paused" {
  description = "Whether all schedules rest; true for the backfill and for the first model."
  type        = bool
  default     = false
}

variable "labels" {
  description = "Labels for everything that carries labels, beside application=leadwerk."
  type        = map(string)
  default     = {}
}
