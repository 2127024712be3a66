# Production: what .github/workflows/deploy.yml applies at a tag. Put your own values in place of the broker's.
project_id     = "broker-leadwerk"
ga4_dataset_id = "analytics_123456789"
policy_file    = "../shared/leadwerk/policy/defaults/mortgage.yaml"
crm_url        = "https://boma.example.ch"
alert_emails   = ["marketing-operations@example.ch"]

score_min_instances = 1
snapshot_days       = 14
labels              = { environment = "prod" }
