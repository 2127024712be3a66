# A mortgage broker in the German-speaking countries: consumers, a calculator, the CRM BOMA.
project_id     = "broker-leadwerk"
ga4_dataset_id = "analytics_123456789"
policy_file    = "../shared/leadwerk/policy/defaults/mortgage.yaml"
crm_url        = "https://boma.example.ch"
alert_emails   = ["marketing-operations@example.ch"]
score_invokers = ["serviceAccount:web-forms@broker-web.iam.gserviceaccount.com"]
desk_readers   = ["group:advisers@example.ch"]
people_file    = "examples/people.yaml" # who may do what on the desk\'s pages

privacy_officers = ["user:data-protection@example.ch"]

score_min_instances = 1 # the adviser calls while the visitor still looks at his offer
