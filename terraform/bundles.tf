# Source bundles: each function's folder plus the common package, in Google's documented layout for local packages. `make bundles`
# writes them; the name of each carries a fingerprint of its files, so a change of code is a new object and so a new revision, and
# nothing else is. Terraform hashes the files as well, and neither plan nor state holds what is in them.
locals {
  package_root  = "${path.module}/../shared"
  package_files = [for file in fileset(local.package_root, "leadwerk/**") : file if !can(regex("__pycache__|\\.pyc$|^leadwerk/(simulation|cli)/", file))]
  function_files = {
    for name in keys(local.functions) : name => [for file in fileset("${path.module}/../functions/${name}", "**") : file if !can(regex("__pycache__|\\.pyc$", file))]
  }

  # As tools/bundles.py computes it: a bundle of other files has another name.
  package_fingerprint = sha256(join("\n", [for file in sort(local.package_files) : "${file} ${filesha256("${local.package_root}/${file}")}"]))
  bundles = {
    for name, files in local.function_files : name => "${name}-${sha256(join("\n", [
      local.package_fingerprint,
      sha256(join("\n", [for file in sort(files) : "${file} ${filesha256("${path.module}/../functions/${name}/${file}")}"])),
    ]))}.zip"
  }
}

resource "google_storage_bucket_object" "bundle" {
  for_each = local.bundles

  bucket = google_storage_bucket.private["sources"].name
  name   = each.value
  source = "${path.module}/.bundles/${each.value}"

  lifecycle {
    precondition {
      condition     = fileexists("${path.module}/.bundles/${each.value}")
      error_message = "There is no bundle of the present code of ${each.key}. Run make bundles (or python3 -m tools.bundles) at the root of the checkout, and plan again."
    }
  }
}
