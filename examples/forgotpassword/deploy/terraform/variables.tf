variable "name" {
  type        = string
  default     = "forgotpassword-prod"
  description = "Begins the names of all resources."
}

variable "product" {
  type        = string
  description = "The name of the product, which people read in mails and as their sender."
}

variable "mail_from" {
  type        = string
  description = "The address that mails come from."
}

variable "mail_identity" {
  type        = string
  description = "The identity that SES has verified: this address or its domain."
}

variable "allowed_origins" {
  type        = list(string)
  default     = []
  description = "Whose pages may use the API in browsers, such as https://app.acme.example."
}

variable "alarm_mail" {
  type        = string
  default     = ""
  description = "Who gets the alarms, by mail, after a confirmation."
}

variable "architecture" {
  type        = string
  default     = "arm64"
  description = "Of the functions: arm64 or x86_64."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The architecture must be arm64 or x86_64."
  }
}

variable "packages" {
  type        = string
  default     = null
  description = "The folder of generate.zip and reset.zip. Default: where make build puts them."
}
