# CRM: which one, how the functions reach it, and the secrets that its adapter takes (docs/crm.md says which CRM takes what).
locals {
  crm_secrets = merge(
    var.crm_oauth == null ? { crm_token = "Token of the CRM's API." } : { crm_client_secret = "Secret of the OAuth client at the CRM." },
    var.crm_webhooks ? { crm_webhook_secret = "Proof that a webhook comes from the CRM." } : {},
  )

  crm_settings = {
    LEADWERK_CRM            = var.crm
    LEADWERK_CRM_URL        = var.crm_url
    LEADWERK_CRM_LEAD_URL   = var.crm_lead_url
    LEADWERK_CRM_LEAD_PATH  = try(var.crm_paths.lead, null)
    LEADWERK_CRM_CASES_PATH = try(var.crm_paths.cases, null)
    LEADWERK_CRM_DATABASE   = var.crm_database
    LEADWERK_CRM_TOKEN_URL  = try(var.crm_oauth.token_url, null)
    LEADWERK_CRM_CLIENT_ID  = try(var.crm_oauth.client_id, null)
    LEADWERK_CRM_SCOPE      = try(var.crm_oauth.scope, null)
  }
  # A process keeps its own pace, so the CRM's limit is shared out: half to the outbox, the rest to all instances of what else calls.
  crm_shares = { deliver_scores = 0.5, ingest_feedback = 0.2, score = 0.3 }
  crm_pace = {
    for name, share in local.crm_shares :
    name => { LEADWERK_CRM_PER_SECOND = format("%.3f", var.crm_per_second * share / local.functions[name].instances) }
  }
  crm_environment = { for name, value in local.crm_settings : name => value if value != null }
}
