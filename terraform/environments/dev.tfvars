# Development: a project of its own, which may be torn down, with an export and a CRM that hold nobody's data.
project_id     = "broker-leadwerk-dev"
ga4_dataset_id = "analytics_123456780"
policy_file    = "../shared/leadwerk/policy/defaults/mortgage.yaml"
crm_url        = "https://boma-test.example.ch"
alert_emails   = ["developers@example.ch"]

deletion_protection = false
query_gib           = 20
score_max_instances = 2
labels              = { environment = "dev" }
