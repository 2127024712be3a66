"""Any CSV file of leads becomes leads and outcomes; what the file is made of is found out and said."""
