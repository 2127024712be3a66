# Outputs: what the deployment and the CRM's firewall are told.
output "vpc_connector" {
  description = "The deployment's variable vpc_connector."
  value       = google_vpc_access_connector.crm.id
}

output "address" {
  description = "Address that the CRM's firewall lets in."
  value       = google_compute_address.crm.address
}
