//go:build race

package otp_test

func init() { slower = 10 }
