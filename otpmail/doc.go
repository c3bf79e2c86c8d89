// Package otpmail writes the mails that carry one-time codes.
package otpmail
