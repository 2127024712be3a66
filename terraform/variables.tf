# Variables: what a deployment decides. A wrong value is refused at the plan, with the remedy.
variable "project_id" {
  description = "Google Cloud project that everything is created in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6-30 lower-case letters, digits and hyphens), not its name or number."
  }
}

variable "region" {
  description = "Region of functions, schedules, buckets, data and the functions' logs. Personal data never leave it."
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

  validation {
    condition = (
      var.data_location == null || var.data_location == var.region ||
      (var.data_location == "EU" && can(regex("^europe-", var.region)) && !contains(["europe-west2", "europe-west6"], var.region)) ||
      (var.data_location == "US" && can(regex("^us-", var.region)))
    )
    error_message = "data_location must be region, or the multi-region (EU, US) that holds it: BigQuery calls the score function from nowhere else. Zürich and London lie outside EU."
  }
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

variable "ga4_project_id" {
  description = "Project of the GA4 export, where it is another one; null means project_id."
  type        = string
  default     = null

  validation {
    condition     = var.ga4_project_id == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.ga4_project_id))
    error_message = "ga4_project_id must be a project's id (6-30 lower-case letters, digits and hyphens), not its name or number."
  }
}

variable "ga4_copied_from" {
  description = "Export of GA4 in another location, which is copied twice a day into a dataset ga4_dataset_id of this project and of data_location; null copies nothing."
  type = object({
    project_id = string
    dataset_id = string
  })
  default = null

  validation {
    condition     = var.ga4_copied_from == null || can(regex("^[A-Za-z0-9_]+$", var.ga4_copied_from.dataset_id))
    error_message = "ga4_copied_from.dataset_id is the dataset's bare name, such as analytics_123456789; its project is project_id."
  }

  validation {
    condition     = var.ga4_copied_from == null || var.ga4_project_id == null
    error_message = "ga4_copied_from makes a copy in project_id, so leave ga4_project_id null."
  }
}

variable "ga4_dataset_id" {
  description = "BigQuery dataset into which GA4 exports: analytics_ and the property's number."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.ga4_dataset_id))
    error_message = "ga4_dataset_id is the dataset's bare name, such as analytics_123456789; its project is ga4_project_id."
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
  description = "Time zone of all schedules; null means the policy's, which should be the GA4 property's."
  type        = string
  default     = null

  validation {
    condition     = var.time_zone == null || can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_+-]+)+)$", var.time_zone))
    error_message = "time_zone must be a name of the IANA data base such as Europe/Zurich, not an offset or an abbreviation."
  }
}

variable "crm" {
  description = "The CRM: boma, hubspot, salesforce, pipedrive, odoo, activecampaign, tryton or webhook."
  type        = string
  default     = "boma"

  validation {
    condition     = contains(["boma", "hubspot", "salesforce", "pipedrive", "odoo", "activecampaign", "tryton", "webhook"], var.crm)
    error_message = "crm must be boma, hubspot, salesforce, pipedrive, odoo, activecampaign, tryton or webhook."
  }
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
  description = "Calls a second that the CRM's API takes from all functions together: half of them are the outbox's, the rest is shared by ingestion and the instances of score."
  type        = number
  default     = 10

  validation {
    condition     = var.crm_per_second > 0
    error_message = "crm_per_second must be above 0."
  }
}

variable "crm_oauth" {
  description = "OAuth client at the CRM (Salesforce, BOMA), whose secret is leadwerk-crm-client-secret; null takes the token leadwerk-crm-token."
  type = object({
    token_url = string
    client_id = string
    scope     = optional(string)
  })
  default = null

  validation {
    condition     = var.crm_oauth == null || try(startswith(var.crm_oauth.token_url, "https://") && length(var.crm_oauth.client_id) > 0, false)
    error_message = "crm_oauth.token_url must begin with https://, and crm_oauth.client_id must not be empty: a secret is never sent in the clear."
  }

  validation {
    condition     = var.crm_oauth == null || !contains(["tryton", "webhook"], var.crm)
    error_message = "crm_oauth is nothing that Tryton or a webhook takes: leave it null and add the token."
  }
}

variable "crm_webhooks" {
  description = "Whether there is a secret leadwerk-crm-webhook-secret, by which the functions know the CRM's webhooks (HubSpot, Pipedrive, ActiveCampaign)."
  type        = bool
  default     = false
}

variable "crm_webhook_url" {
  description = "Public address, of a gateway of yours, at which the CRM's webhooks arrive: HubSpot signs it; null where no webhook does."
  type        = string
  default     = null

  validation {
    condition     = var.crm_webhook_url == null || try(startswith(var.crm_webhook_url, "https://") && !endswith(var.crm_webhook_url, "/"), false)
    error_message = "crm_webhook_url must begin with https:// and not end with /."
  }

  validation {
    condition     = var.crm_webhook_url == null || var.crm_webhooks
    error_message = "crm_webhook_url is the address of webhooks whose proof is a secret: set crm_webhooks as well."
  }
}

variable "crm_webhook_callers" {
  description = "Who passes the CRM's webhooks on to POST /crm of ingest_feedback, as IAM members: the gateway's service account."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.crm_webhook_callers : can(regex("^serviceAccount:", member))])
    error_message = "crm_webhook_callers are service accounts such as serviceAccount:gateway@project.iam.gserviceaccount.com; nothing of Leadwerk is public."
  }

  validation {
    condition     = length(var.crm_webhook_callers) == 0 || var.crm_webhooks
    error_message = "crm_webhook_callers pass on webhooks whose proof is a secret: set crm_webhooks as well."
  }
}

variable "touchpoint_publishers" {
  description = "Who publishes touchpoints to the topic leadwerk-touchpoints, as IAM members: the telephone system's service account. Empty makes no topic."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.touchpoint_publishers : can(regex("^(serviceAccount|user|group):", member))])
    error_message = "touchpoint_publishers are members such as serviceAccount:telephone@project.iam.gserviceaccount.com; nothing of Leadwerk is public."
  }
}

variable "workflows" {
  description = "Whether the policy's workflows are carried out, every five minutes; their channels' addresses are the secret leadwerk-channels."
  type        = bool
  default     = false
}

variable "enrichment" {
  description = "Who is asked each night for missing facts of companies, as the policy's enrichment names them: zefix, gemini, openai. Each needs its secret: leadwerk-zefix-password, leadwerk-gemini-key, leadwerk-openai-key."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for provider in var.enrichment : contains(["zefix", "gemini", "openai"], provider)])
    error_message = "Name zefix, gemini or openai."
  }
}

variable "zefix_user" {
  description = "Account at the Swiss commercial registers' index; null where nobody asks it."
  type        = string
  default     = null

  validation {
    condition     = contains(var.enrichment, "zefix") == (var.zefix_user != null)
    error_message = "Set zefix_user where enrichment names zefix, and only there."
  }
}

variable "openai_url" {
  description = "Base URL of an API that is compatible with OpenAI's; null: OpenAI's own."
  type        = string
  default     = null

  validation {
    condition     = var.openai_url == null || can(regex("^https://", var.openai_url))
    error_message = "Set an address that begins with https://."
  }
}

variable "crm_database" {
  description = "Database of Odoo or Tryton; null where the server has one."
  type        = string
  default     = null

  validation {
    condition     = var.crm_database == null || contains(["odoo", "tryton"], var.crm)
    error_message = "crm_database is for Odoo and Tryton: leave it null."
  }
}

variable "crm_paths" {
  description = "Paths of BOMA's API for a lead, with {id}, and for the list of cases; null takes the usual ones."
  type = object({
    lead  = string
    cases = string
  })
  default = null

  validation {
    condition     = var.crm_paths == null || (var.crm == "boma" && try(strcontains(var.crm_paths.lead, "{id}") && startswith(var.crm_paths.lead, "/") && startswith(var.crm_paths.cases, "/"), false))
    error_message = "crm_paths are for BOMA: paths that begin with /, that of a lead with {id}."
  }
}

variable "crm_lead_url" {
  description = "Page of a lead in the CRM with {lead_id} in its place, which the desk links to; null links to nothing."
  type        = string
  default     = null

  validation {
    condition     = var.crm_lead_url == null || try(startswith(var.crm_lead_url, "https://") && strcontains(var.crm_lead_url, "{lead_id}"), false)
    error_message = "crm_lead_url must begin with https:// and hold {lead_id}."
  }
}

variable "vpc_connector" {
  description = "Connector of Serverless VPC Access through which the functions call the CRM, for a CRM that only knows addresses or lies in a private network; null calls it through the internet."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_connector == null || can(regex("^projects/[^/]+/locations/${var.region}/connectors/[^/]+$", var.vpc_connector))
    error_message = "vpc_connector must be projects/…/locations/REGION/connectors/…, and its location region."
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
  description = "Who may pass identity-aware proxy to the desk's pages, as IAM members; people_file says what each may do there."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.desk_readers : can(regex("^(serviceAccount|user|group):", member))])
    error_message = "desk_readers are members such as group:sales@example.ch; nothing of Leadwerk is public."
  }

  validation {
    condition     = length(var.desk_readers) == 0 || var.people_file != null
    error_message = "desk_readers open pages that are there with people_file only: set it, or leave desk_readers empty."
  }
}

variable "desk_programs" {
  description = "Programs that may call the desk's JSON API and act in the name of any seller, as IAM members: the service account of the CRM's plug-in."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.desk_programs : can(regex("^serviceAccount:", member))])
    error_message = "desk_programs are service accounts such as serviceAccount:crm@project.iam.gserviceaccount.com; people come through desk_readers."
  }
}

variable "people_file" {
  description = "Path of people.yaml: who may use the desk's pages, by e-mail address, in which roles (docs/desk.md); null deploys no pages."
  type        = string
  default     = null

  validation {
    condition     = var.people_file == null || try(fileexists(var.people_file), false)
    error_message = "people_file does not exist. Start from examples/people.yaml."
  }

  validation {
    condition     = var.people_file == null || try(alltrue([for person in yamldecode(file(var.people_file)) : can(regex("@", person.email)) && length(person.roles) > 0]), false)
    error_message = "people_file must be a list, each line with email, name and roles: - {email: anna@example.ch, name: anna, roles: [seller]}."
  }
}

variable "privacy_officers" {
  description = "Who may erase persons, record objections and read all that is stored of a person, as IAM members; the CRM's account if it erases by itself."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.privacy_officers : can(regex("^(serviceAccount|user|group):", member))])
    error_message = "privacy_officers are members such as user:dpo@example.ch; nothing of Leadwerk is public."
  }
}

variable "policy_publishers" {
  description = "Who may replay and publish the policy, decide on suggested points and hold thresholds, from the command line, as IAM members."
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

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s:]+@[^@\\s]+\\.[^@\\s.]+$", address))])
    error_message = "alert_emails are bare addresses such as revops@example.ch."
  }
}

variable "monthly_budget" {
  description = "Budget alert of the project in whole units of the billing account's currency; null sets none."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null

  validation {
    condition     = var.monthly_budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.monthly_budget.billing_account))
    error_message = "monthly_budget.billing_account must be its id, such as 012345-6789AB-CDEF01 (gcloud billing accounts list)."
  }

  validation {
    condition     = var.monthly_budget == null || try(var.monthly_budget.amount >= 1 && floor(var.monthly_budget.amount) == var.monthly_budget.amount, false)
    error_message = "monthly_budget.amount must be a whole number from 1 on: Google takes no cents."
  }
}

variable "kms_key_name" {
  description = "Customer-managed key for data, models, secrets and functions; null leaves Google's own. Terraform lets Google's service agents use it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be projects/…/locations/REGION/keyRings/…/cryptoKeys/…, and its location region: buckets and functions take a key of their own region only."
  }

  validation {
    condition     = var.kms_key_name == null || var.data_location == null || var.data_location == var.region
    error_message = "kms_key_name encrypts the tables, too, so data_location must be its location: leave it null."
  }
}

variable "score_max_instances" {
  description = "Most instances of the score function at once, each with one CPU and 1 GiB. All functions together must fit Cloud Run's quota of the region, which is 20 CPUs and 40 GiB in a new project: ask Google for more before you go above 8."
  type        = number
  default     = 6

  validation {
    condition     = contains(range(1, 1001), var.score_max_instances)
    error_message = "score_max_instances must be a whole number between 1 and 1000."
  }
}

variable "score_min_instances" {
  description = "Instances of the score function kept warm: 0 costs nothing, 1 answers the first form of the morning at once."
  type        = number
  default     = 0

  validation {
    condition     = contains(range(11), var.score_min_instances)
    error_message = "score_min_instances must be a whole number between 0 and 10."
  }

  validation {
    condition     = var.score_min_instances <= var.score_max_instances
    error_message = "score_min_instances must not be above score_max_instances."
  }
}

variable "query_gib" {
  description = "Most GiB that one query of a function may read; Google refuses a larger one at no cost."
  type        = number
  default     = 200

  validation {
    condition     = var.query_gib >= 1
    error_message = "query_gib must be at least 1: a nightly extraction of 100,000 events a day reads about that."
  }
}

variable "calls_per_minute" {
  description = "HTTP calls that one caller (address or person) may send a minute to one instance; above it the answer is 429. 0: no limit."
  type        = number
  default     = 600

  validation {
    condition     = var.calls_per_minute == 0 || var.calls_per_minute >= 1
    error_message = "calls_per_minute must be 0, which means no limit, or at least 1."
  }
}

variable "snapshot_days" {
  description = "Days that nightly snapshots of all tables but the activity are kept; null takes none. An erased person is in them until they expire."
  type        = number
  default     = null

  validation {
    condition     = var.snapshot_days == null || contains(range(1, 36), coalesce(var.snapshot_days, 0))
    error_message = "snapshot_days must be a whole number between 1 and 35, or null: what a person had erased stays in snapshots as long."
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

  validation {
    condition = alltrue([
      for name, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", name)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels take lower-case letters, digits, _ and -, at most 63, and a name begins with a letter."
  }
}
