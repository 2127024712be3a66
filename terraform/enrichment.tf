# Enrichment: the secrets of those who are asked for facts of companies, and what their function is told.
locals {
  provider_secrets = {
    zefix  = { zefix_password = "Password of the account at the Swiss commercial registers' index." }
    gemini = { gemini_key = "API key of Gemini." }
    openai = { openai_key = "API key of an API that is compatible with OpenAI's." }
  }
  enrichment_secrets = merge([for provider in sort(var.enrichment) : local.provider_secrets[provider]]...)

  enrichment_settings = merge(
    { for user in var.zefix_user[*] : "LEADWERK_ZEFIX_USER" => user },
    { for url in var.openai_url[*] : "LEADWERK_OPENAI_URL" => url if contains(var.enrichment, "openai") },
  )
}
