# Source bundles: each function's folder plus the common package, in Google's documented layout for local packages. The
# object's name carries the content's hash: a change of code is a new object and so a new revision, and nothing else is.
locals {
  package_root  = "${path.module}/../shared"
  package_files = { for file in fileset(local.package_root, "leadwerk/**") : file => "${local.package_root}/${file}" if !can(regex("__pycache__|\\.pyc$|^leadwerk/(simulation|cli)/", file)) }
  function_files = {
    for name in keys(local.functions) : name => {
      for file in fileset("${path.module}/../functions/${name}", "**") : file => "${path.module}/../functions/${name}/${file}" if !can(regex("__pycache__|\\.pyc$", file))
    }
  }
}

data "archive_file" "bundle" {
  for_each = local.functions

  type             = "zip"
  output_path      = "${path.module}/.bundles/${each.key}.zip"
  output_file_mode = "0644"

  dynamic "source" {
    for_each = merge(local.package_files, local.function_files[each.key])

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket_object" "bundle" {
  for_each = local.functions

  bucket = google_storage_bucket.private["sources"].name
  name   = "${each.key}-${data.archive_file.bundle[each.key].output_sha256}.zip"
  source = data.archive_file.bundle[each.key].output_path
}
