# A Swiss B2B sales team: companies, an ideal customer profile, four languages.
project_id     = "sales-leadwerk"
ga4_dataset_id = "analytics_987654321"
policy_file    = "../shared/leadwerk/policy/defaults/b2b_swiss.yaml"
crm            = "hubspot"
crm_url        = "https://api.hubapi.com"
crm_lead_url   = "https://app.hubspot.com/contacts/1234567/record/0-3/{lead_id}"
alert_emails   = ["revops@example.com"]
desk_readers   = ["group:sales@example.com"]
people_file    = "examples/people.yaml" # who may do what on the desk\'s pages

policy_publishers = ["user:head-of-sales@example.com"]
monthly_budget    = { billing_account = "012345-6789AB-CDEF01", amount = 50 } # in the account's currency; an alert, no limit
